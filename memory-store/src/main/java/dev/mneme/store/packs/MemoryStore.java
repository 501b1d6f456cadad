package dev.mneme.store.packs;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.mneme.Compatibility;
import dev.mneme.HostModel;
import dev.mneme.MnemeException;
import dev.mneme.PackIntegrityException;
import dev.mneme.UnresolvedNameException;
import dev.mneme.store.MemoryLoader;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.MnemeHome;
import dev.mneme.store.PackManifest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

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

  private final Path root;
  private final InstantSource clock;
  private final Runnable step;

  /**
   * A store.
   *
   * @param step run before each change on disk; a test ends the process there
   */
  MemoryStore(Path root, InstantSource clock, Runnable step) {
    this.root = root;
    this.clock = clock;
    this.step = step;
    removeAbandoned(making());
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
    return root;
  }

  /**
   * Installs a pack under its name, in place of one of that name: its signature is looked at, every
   * byte is checked against the manifest, the model is opened once, and only then does the name
   * mean it.
   *
   * @param allowOlder whether a version before the installed one may take its place
   * @throws UntrustedPackException if nobody vouches for the pack as asked
   * @throws PackIntegrityException if files are not those the manifest lists; names all of them
   * @throws dev.mneme.MalformedFileException if a file breaks its format
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
      while (!Files.exists(packs().resolve(named.hex()))) {
        place(source, named); // it was being collected before it was named
      }
    } catch (IOException e) {
      throw new MnemeException(
          "cannot install the pack %s in %s: %s".formatted(manifest.name(), root, e), e);
    }
    return installed(manifest, named);
  }

  /** Puts a pack in its place, unless it is there, and gives it its name. */
  private void place(PackSource source, PackName named) throws IOException {
    step.run();
    String hex = named.hex();
    Path staging = Files.createDirectories(making().resolve(Owner.newName()));
    try {
      if (!isWhole(hex)) {
        var making = new PackMaking(source, staging.resolve("pack"), step);
        making.copy();
        MemoryPack.open(making.folder());
        making.share(Files.createDirectories(blobs()));
        making.complete(Files.createDirectories(packs()).resolve(hex));
      }
      Files.createDirectories(names());
      step.run();
      named.write(names().resolve(source.manifest().name() + ".json"), staging);
      step.run();
    } finally {
      delete(staging);
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
    find(manifest.name())
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
    Path pack = packs().resolve(hex);
    if (!Files.exists(pack)) {
      return false;
    }
    try {
      MemoryPack.openFresh(pack);
      Files.setLastModifiedTime(pack, FileTime.from(clock.instant())); // so that it stays for now
      return true;
    } catch (PackIntegrityException e) {
      discard(pack, true);
      return false;
    } catch (MnemeException | NoSuchFileException e) {
      if (Files.exists(pack)) {
        throw e;
      }
      return false; // another process collected it
    }
  }

  /**
   * Removes a pack in one step, as others see it.
   *
   * @param alsoUsed whether to remove it although somebody began to use it just now
   * @return whether this process removed it
   */
  private boolean discard(Path pack, boolean alsoUsed) throws IOException {
    Path aside = Files.createDirectories(making().resolve(Owner.newName()));
    Path moved = aside.resolve("pack");
    try {
      step.run();
      Files.move(pack, moved, StandardCopyOption.ATOMIC_MOVE);
      if (!alsoUsed && isUsed(String.valueOf(pack.getFileName()))) {
        putBack(moved, pack);
        return false;
      }
      step.run();
      return true;
    } catch (NoSuchFileException e) {
      return false; // another process removed it
    } finally {
      delete(aside);
    }
  }

  private static void putBack(Path moved, Path pack) throws IOException {
    try {
      Files.move(moved, pack, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      if (!Files.exists(pack)) {
        throw e;
      } // or else another process missed it and made it again
    }
  }

  /** Everything installed, by name. */
  public List<InstalledPack> list() {
    return installedNames().stream().flatMap(name -> find(name).stream()).toList();
  }

  private List<String> installedNames() {
    try {
      return children(names()).stream()
          .map(file -> String.valueOf(file.getFileName()))
          .filter(file -> file.endsWith(".json"))
          .map(file -> file.substring(0, file.length() - ".json".length()))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new MnemeException("cannot list %s: %s".formatted(names(), e), e);
    }
  }

  /**
   * What a name means; nothing if it is no name or not installed.
   *
   * @throws dev.mneme.MalformedFileException if the store's own files are damaged
   */
  public Optional<InstalledPack> find(String name) {
    Optional<PackName> named = named(name);
    while (named.isPresent()) {
      Path manifest = packs().resolve(named.get().hex()).resolve(PackManifest.FILE);
      try {
        byte[] bytes = Files.readAllBytes(manifest);
        return Optional.of(installed(PackManifest.parse(manifest.toString(), bytes), named.get()));
      } catch (IOException e) {
        Optional<PackName> before = named;
        named = named(name);
        if (named.equals(before)) {
          throw new MnemeException(
              "the store says that %s is %s, but cannot read %s (%s); install the pack again"
                  .formatted(name, before.get().digest(), manifest, e),
              e);
        }
      }
    }
    return Optional.empty();
  }

  private Optional<PackName> named(String name) {
    return PackManifest.isValidName(name)
        ? PackName.read(names().resolve(name + ".json"))
        : Optional.empty();
  }

  private InstalledPack installed(PackManifest manifest, PackName named) {
    return new InstalledPack(
        manifest,
        named.digest(),
        packs().resolve(named.hex()),
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
              List<String> names = list().stream().map(InstalledPack::name).toList();
              return new UnresolvedNameException(
                  "no pack named %s is installed in %s; installed: %s"
                      .formatted(name, root, names.isEmpty() ? "none" : String.join(", ", names)),
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
          requireTrusted(installed, trust);
          return new PackLease(MemoryPack.open(installed.directory()), mark);
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
    if (!Files.isWritable(root)) {
      return Optional.empty();
    }
    Path folder = leases().resolve(PackName.hex(installed.digest()));
    try {
      Files.createDirectories(folder);
      step.run();
      return Optional.of(Files.createFile(folder.resolve(Owner.newName())));
    } catch (IOException e) {
      throw new MnemeException("cannot lease a pack in %s: %s".formatted(root, e), e);
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
    requireTrusted(installed, trust);
    MemoryPack.openFresh(installed.directory());
    return installed;
  }

  private static void requireTrusted(InstalledPack installed, Trust trust) {
    try (PackFolder folder = PackFolder.open(installed.directory())) {
      trust.check(folder.manifestBytes(), folder.signature(), folder.origin());
    }
  }

  /**
   * Whether an installed pack fits a host and some engine on the class path runs it there, with
   * every reason why not.
   *
   * @throws PackIntegrityException if its files are damaged
   */
  public static Compatibility check(InstalledPack pack, HostModel host) {
    return MemoryLoader.check(MemoryPack.open(pack.directory()), host);
  }

  /**
   * Takes a name away; its files stay until they are collected.
   *
   * @return whether there was such a name
   */
  public boolean remove(String name) {
    try {
      return PackManifest.isValidName(name)
          && Files.deleteIfExists(names().resolve(name + ".json"));
    } catch (IOException e) {
      throw new MnemeException("cannot remove %s from %s: %s".formatted(name, root, e), e);
    }
  }

  /**
   * What a collection freed.
   *
   * @param packs digests of packs that no name means and nobody uses
   * @param bytes of files that no pack has any more
   */
  public record Collected(List<String> packs, long bytes) {}

  /**
   * Removes packs without a name that nobody leases, and files that no pack has any more.
   *
   * @param grace what is younger stays; {@link #GRACE} unless nobody else uses the store
   * @throws MnemeException if the store cannot be written
   */
  public Collected collect(Duration grace) {
    Instant limit = clock.instant().minus(grace);
    try {
      removeAbandoned(making());
      for (Path folder : children(leases())) {
        removeAbandoned(folder);
      }
      var packs = new ArrayList<String>();
      for (Path pack : children(packs())) {
        String hex = String.valueOf(pack.getFileName());
        if (!isUsed(hex) && isOlder(pack, limit) && discard(pack, false)) {
          packs.add(PackName.digest(hex));
        }
      }
      return new Collected(List.copyOf(packs), collectBlobs(limit));
    } catch (IOException e) {
      throw new MnemeException("cannot collect in %s: %s".formatted(root, e), e);
    }
  }

  private long collectBlobs(Instant limit) throws IOException {
    Set<String> kept = new HashSet<>();
    for (Path pack : children(packs())) {
      Path file = pack.resolve(PackManifest.FILE);
      try {
        PackManifest.parse(file.toString(), Files.readAllBytes(file))
            .files()
            .forEach(entry -> kept.add(entry.sha256()));
      } catch (NoSuchFileException e) {
        // Another process collected it.
      }
    }
    long bytes = 0;
    for (Path blob : children(blobs())) {
      try {
        if (!kept.contains(String.valueOf(blob.getFileName())) && isOlder(blob, limit)) {
          long size = Files.size(blob);
          step.run();
          Files.delete(blob);
          bytes += size;
        }
      } catch (NoSuchFileException e) {
        // Another process collected it.
      }
    }
    return bytes;
  }

  /** Whether a name means a pack, or a process has a lease of it. */
  private boolean isUsed(String hex) throws IOException {
    return installedNames().stream()
            .anyMatch(name -> named(name).stream().anyMatch(n -> n.hex().equals(hex)))
        || !children(leases().resolve(hex)).isEmpty();
  }

  private static boolean isOlder(Path path, Instant limit) throws IOException {
    try {
      return !Files.getLastModifiedTime(path).toInstant().isAfter(limit);
    } catch (NoSuchFileException e) {
      return false; // another process collected it
    }
  }

  /** What processes that ended left behind. */
  private static void removeAbandoned(Path folder) {
    try {
      for (Path child : children(folder)) {
        if (Owner.hasEnded(String.valueOf(child.getFileName()))) {
          delete(child);
        }
      }
    } catch (IOException e) {
      // A store that cannot be written to, or another process was faster.
    }
  }

  private static List<Path> children(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> list = Files.list(folder)) {
      return list.toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static void delete(Path path) throws IOException {
    if (Files.exists(path)) {
      MoreFiles.deleteRecursively(path, RecursiveDeleteOption.ALLOW_INSECURE);
    }
  }

  private Path blobs() {
    return root.resolve("blobs");
  }

  private Path packs() {
    return root.resolve("packs");
  }

  private Path names() {
    return root.resolve("names");
  }

  private Path leases() {
    return root.resolve("leases");
  }

  private Path making() {
    return root.resolve("making");
  }
}
