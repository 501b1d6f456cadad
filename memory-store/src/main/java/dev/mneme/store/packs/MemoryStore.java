package dev.mneme.store.packs;

import dev.mneme.Compatibility;
import dev.mneme.FailureText;
import dev.mneme.HostModel;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.PackIntegrityException;
import dev.mneme.UnresolvedNameException;
import dev.mneme.store.MemoryLoader;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.MnemeHome;
import dev.mneme.store.PackManifest;
import dev.mneme.store.files.Owner;
import dev.mneme.store.files.RegularFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Packs on disk, by name and by content. A file's bytes are kept once, under their SHA-256, however
 * many packs have them; a pack is a folder of such files under its own digest; a name is a small
 * file that says which pack it means.
 *
 * <p>Every step that others can see is one rename, so a process that is killed leaves the store as
 * it was before or after, and files of a store never change. Safe for several threads and processes
 * of one machine; a store that cannot be written to can be read. Nothing is kept open: {@link
 * PackLease} keeps a pack from being collected.
 *
 * <pre>
 * blobs/HEX          content, by SHA-256
 * packs/HEX/         pack.json, pack.sig and links to blobs, by the pack's digest
 * names/NAME.json    which pack, where from, when
 * leases/HEX/OWNER   processes that use a pack
 * making/OWNER/      what is being put together
 * </pre>
 */
public final class MemoryStore {

  /** How long what nobody names is left alone, for it may be about to get its name. */
  public static final Duration GRACE = Duration.ofHours(1);

  private final StoreFolder folder;
  private final InstantSource clock;

  /**
   * A store.
   *
   * @param step run before each change on disk; a test ends the process there
   */
  MemoryStore(Path root, InstantSource clock, Runnable step) {
    folder = new StoreFolder(root, step);
    this.clock = clock;
    StoreFolder.removeAbandoned(folder.making());
  }

  /** A store in a folder, which is made when something is first installed. */
  public static MemoryStore at(Path root) {
    return new MemoryStore(root, InstantSource.system(), () -> {});
  }

  /** The store in {@code $MNEME_HOME/store}, by default {@code ~/.mneme/store}. */
  public static MemoryStore standard() {
    return at(MnemeHome.folder().resolve("store"));
  }

  public Path root() {
    return folder.root();
  }

  /**
   * Installs a pack under its name, in place of one of that name: its signature is looked at, every
   * byte is checked against the manifest, the model is opened once, and only then does the name
   * mean it.
   *
   * @param allowOlder whether a version before the installed one may take its place
   * @throws UntrustedPackException if nobody vouches for the pack as asked
   * @throws PackIntegrityException if files are not those the manifest lists; names all of them
   * @throws MalformedFileException if a file breaks its format
   * @throws MnemeException if the pack is older than the installed one, or the store cannot be
   *     written
   */
  public InstalledPack install(PackSource source, Trust trust, boolean allowOlder) {
    byte[] manifestBytes = source.manifestBytes();
    PackManifest manifest = source.manifest();
    Optional<String> signer = trust.check(manifestBytes, source.signature(), source.origin());
    String digest = PackSignature.digestOf(manifestBytes);
    if (!allowOlder) {
      requireNotOlder(manifest);
    }
    var named = new PackName(digest, source.origin(), clock.instant(), signer);
    try {
      place(source, named);
      while (!Files.exists(folder.pack(named.hex()))) {
        place(source, named); // it was being collected before it was named
      }
    } catch (IOException e) {
      throw new MnemeException(
          "cannot install the pack %s in %s: %s"
              .formatted(manifest.name(), root(), FailureText.of(e)),
          e);
    }
    return installed(manifest, named);
  }

  /** Puts a pack in its place, unless it is there, and gives it its name. */
  private void place(PackSource source, PackName named) throws IOException {
    folder.step().run();
    String hex = named.hex();
    Path staging = folder.newMaking();
    try {
      if (isWhole(hex)) {
        renewSignature(source, hex, staging);
      } else {
        var making = new PackMaking(source, staging.resolve("pack"), folder.step());
        making.copy();
        MemoryPack.open(making.folder(), Trust.OFF); // its signature was looked at
        making.share(Files.createDirectories(folder.blobs()));
        making.complete(Files.createDirectories(folder.packs()).resolve(hex));
      }
      Files.createDirectories(folder.names());
      folder.step().run();
      named.write(folder.names().resolve(source.manifest().name() + ".json"), staging);
      folder.step().run();
    } finally {
      StoreFolder.delete(staging);
    }
  }

  /** A pack that is there may come signed, or signed anew, this time. */
  private void renewSignature(PackSource source, String hex, Path staging) throws IOException {
    Optional<byte[]> signature = source.signature();
    Optional<byte[]> before = PackFolder.signatureIn(folder.pack(hex));
    if (signature.isPresent()
        && !(before.isPresent() && Arrays.equals(before.get(), signature.get()))) {
      Path made = Files.write(staging.resolve(PackSignature.FILE), signature.get());
      folder.step().run();
      Files.move(
          made,
          folder.pack(hex).resolve(PackSignature.FILE),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /**
   * What a reference means: a pack that was installed from exactly there, or else one that is
   * installed now under its name. A reference that may come to mean another pack, such as to a
   * branch, is looked up each time.
   *
   * @param listener told while files are fetched
   * @throws MnemeException if there is no such pack, or as for {@link #install}; an older pack than
   *     the installed one of its name is refused
   */
  public InstalledPack obtain(PackReference reference, Trust trust, FetchListener listener) {
    Optional<InstalledPack> there =
        list().stream().filter(pack -> pack.origin().equals(reference.text())).findFirst();
    if (there.isPresent()) {
      requireTrusted(there.get(), trust);
      return there.get();
    }
    try (PackSource source = reference.open(listener)) {
      return install(source, trust, false);
    }
  }

  private void requireNotOlder(PackManifest manifest) {
    sound(manifest.name())
        .filter(installed -> installed.version().compareTo(manifest.version()) > 0)
        .ifPresent(
            installed -> {
              throw new MnemeException(
                  "the pack %s %s is older than the installed %s; say so if you want it in its place"
                      .formatted(manifest.name(), manifest.version(), installed.version()));
            });
  }

  /** Whether a pack is there and opens; what is damaged is put aside. */
  private boolean isWhole(String hex) throws IOException {
    Path pack = folder.pack(hex);
    if (!Files.exists(pack)) {
      return false;
    }
    try {
      requireDigest(MemoryPack.openFresh(pack, Trust.OFF), PackName.digest(hex));
      Files.setLastModifiedTime(pack, FileTime.from(clock.instant())); // so that it stays for now
      return true;
    } catch (PackIntegrityException | MalformedFileException e) {
      folder.discard(pack, true);
      return false;
    } catch (MnemeException | NoSuchFileException e) {
      if (Files.exists(pack)) {
        throw e;
      }
      return false; // another process collected it
    }
  }

  /** The names of everything installed, also of what is damaged, in the order of the alphabet. */
  public List<String> names() {
    return folder.installedNames();
  }

  /** Whether a name is taken, also by a pack that is damaged. */
  public boolean has(String name) {
    return folder.named(name).isPresent();
  }

  /** Everything installed that is not damaged, by name; see {@link #damaged}. */
  public List<InstalledPack> list() {
    return names().stream().flatMap(name -> sound(name).stream()).toList();
  }

  /** Why packs cannot be used whose files in the store are not what they were, by name. */
  public SortedMap<String, String> damaged() {
    var reasons = new TreeMap<String, String>();
    for (String name : names()) {
      try {
        find(name);
      } catch (MnemeException e) {
        reasons.put(name, String.valueOf(e.getMessage()));
      }
    }
    return reasons;
  }

  /** What a name means, unless its files are damaged. */
  private Optional<InstalledPack> sound(String name) {
    try {
      return find(name);
    } catch (PackIntegrityException | MalformedFileException e) {
      return Optional.empty();
    }
  }

  /**
   * What a name means; nothing if it is no name or not installed.
   *
   * @throws PackIntegrityException if the pack's manifest is not the one that was installed
   * @throws MalformedFileException if the store's own files are damaged
   */
  public Optional<InstalledPack> find(String name) {
    Optional<PackName> named = folder.named(name);
    while (named.isPresent()) {
      Path manifest = folder.pack(named.get().hex()).resolve(PackManifest.FILE);
      try {
        byte[] bytes = RegularFiles.readAtMost(manifest, PackManifest.MOST_BYTES);
        requireDigest(manifest, PackSignature.digestOf(bytes), named.get().digest());
        return Optional.of(installed(PackManifest.parse(manifest.toString(), bytes), named.get()));
      } catch (IOException e) {
        Optional<PackName> before = named;
        named = folder.named(name);
        if (named.equals(before)) {
          throw new MnemeException(
              "the store says that %s is %s, but cannot read %s (%s); install the pack again"
                  .formatted(name, before.get().digest(), manifest, FailureText.of(e)),
              e);
        }
      }
    }
    return Optional.empty();
  }

  /** A pack lies under its digest: what has another one is not what was installed. */
  private static void requireDigest(Path manifest, String found, String expected) {
    if (!found.equals(expected)) {
      throw new PackIntegrityException(
          "%s was changed after it was installed: its digest is %s, expected %s; install the pack again with `mneme pack pull`"
              .formatted(manifest, found, expected));
    }
  }

  private static MemoryPack requireDigest(MemoryPack pack, String expected) {
    requireDigest(pack.directory().resolve(PackManifest.FILE), pack.digest(), expected);
    return pack;
  }

  private InstalledPack installed(PackManifest manifest, PackName named) {
    return new InstalledPack(
        manifest,
        named.digest(),
        folder.pack(named.hex()),
        named.origin(),
        named.installed(),
        named.signer());
  }

  /**
   * What a name means.
   *
   * @throws UnresolvedNameException if nothing of that name is installed
   */
  public InstalledPack require(String name) {
    return find(name)
        .orElseThrow(
            () -> {
              List<String> names = names();
              return new UnresolvedNameException(
                  "no pack named %s is installed in %s; installed: %s"
                      .formatted(name, root(), names.isEmpty() ? "none" : String.join(", ", names)),
                  names);
            });
  }

  /**
   * Opens what a name means now and keeps it from being collected until the lease is closed, also
   * when the name gets another meaning or goes. A store that cannot be written to gives no leases
   * and collects nothing.
   *
   * @throws UnresolvedNameException if nothing of that name is installed
   * @throws UntrustedPackException if nobody vouches for it as asked
   * @throws PackIntegrityException if its files are damaged
   */
  public PackLease lease(String name, Trust trust) {
    while (true) {
      InstalledPack installed = require(name);
      Optional<Path> mark = mark(installed);
      try {
        // What the name still means was not being collected before it was marked.
        if (require(name).digest().equals(installed.digest())) {
          MemoryPack pack = MemoryPack.open(installed.directory(), trust);
          return new PackLease(requireDigest(pack, installed.digest()), mark);
        }
      } catch (RuntimeException e) {
        mark.ifPresent(PackLease::remove);
        throw e;
      }
      mark.ifPresent(PackLease::remove);
    }
  }

  /** Says that this process uses a pack, where the store can be written to. */
  private Optional<Path> mark(InstalledPack installed) {
    if (!Files.isWritable(root())) {
      return Optional.empty();
    }
    Path marks = folder.leases().resolve(PackName.hex(installed.digest()));
    try {
      Files.createDirectories(marks);
      folder.step().run();
      return Optional.of(Files.createFile(marks.resolve(Owner.newName())));
    } catch (IOException e) {
      throw new MnemeException(
          "cannot lease a pack in %s: %s".formatted(root(), FailureText.of(e)), e);
    }
  }

  /**
   * Reads every byte of an installed pack again, and its signature.
   *
   * @throws UnresolvedNameException if nothing of that name is installed
   * @throws PackIntegrityException if its files are damaged; names all of them
   * @throws UntrustedPackException if nobody vouches for it as asked
   */
  public InstalledPack verify(String name, Trust trust) {
    InstalledPack installed = require(name);
    requireDigest(MemoryPack.openFresh(installed.directory(), trust), installed.digest());
    return installed;
  }

  private static void requireTrusted(InstalledPack installed, Trust trust) {
    try (PackFolder pack = PackFolder.open(installed.directory())) {
      requireDigest(
          installed.directory().resolve(PackManifest.FILE),
          PackSignature.digestOf(pack.manifestBytes()),
          installed.digest());
      trust.check(pack.manifestBytes(), pack.signature(), pack.origin());
    }
  }

  /**
   * Whether an installed pack fits a host and some engine on the class path runs it there, with
   * every reason why not.
   *
   * @throws PackIntegrityException if its files are damaged
   */
  public static Compatibility check(InstalledPack pack, HostModel host) {
    MemoryPack opened = MemoryPack.open(pack.directory(), Trust.OFF); // compared, not run
    return MemoryLoader.check(requireDigest(opened, pack.digest()), host);
  }

  /**
   * Takes a name away; its files stay until they are collected.
   *
   * @return whether there was such a name
   */
  public boolean remove(String name) {
    try {
      return PackManifest.isValidName(name)
          && Files.deleteIfExists(folder.names().resolve(name + ".json"));
    } catch (IOException e) {
      throw new MnemeException(
          "cannot remove %s from %s: %s".formatted(name, root(), FailureText.of(e)), e);
    }
  }

  /**
   * What a collection freed.
   *
   * @param packs digests of packs that no name means and nobody uses
   * @param young how many such packs were left because they came within the time of grace
   * @param bytes of files that no pack has any more
   */
  public record Collected(List<String> packs, int young, long bytes) {}

  /**
   * Removes packs without a name that nobody leases, and files that no pack has any more.
   *
   * @param grace what is younger stays; {@link #GRACE} unless nobody else uses the store
   * @throws MnemeException if the store cannot be written
   */
  public Collected collect(Duration grace) {
    try {
      return new StoreCollection(folder, clock.instant().minus(grace)).run();
    } catch (IOException e) {
      throw new MnemeException("cannot collect in %s: %s".formatted(root(), FailureText.of(e)), e);
    }
  }
}
