package dev.mneme.store;

import dev.mneme.Compatibility;
import dev.mneme.ForeignHostPolicy;
import dev.mneme.HostModel;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.PackIntegrityException;
import dev.mneme.TappedHost;
import dev.mneme.Vocabulary;
import dev.mneme.store.PackManifest.Entry;
import dev.mneme.store.files.FileKind;
import dev.mneme.store.files.Problems;
import dev.mneme.store.files.RegularFiles;
import dev.mneme.store.hf.HuggingFaceConfig;
import dev.mneme.store.hf.MlpShape;
import dev.mneme.store.hf.NetworkShape;
import dev.mneme.store.packs.Trust;
import dev.mneme.store.packs.UntrustedPackException;
import dev.mneme.store.safetensors.NotFinite;
import dev.mneme.store.safetensors.TensorSource;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * A memory on disk, verified: the published model files and a manifest with their digests.
 *
 * <p>A folder without {@code pack.json} can be opened too, as it comes from a model hub: its name
 * is the folder's, its digest is taken over its files, and nothing vouches for them but the folder
 * itself.
 *
 * <p>Immutable, and holds no open file. The files were as described when the pack was opened; keep
 * them so while it is in use.
 */
public final class MemoryPack {

  private final Path directory;
  private final PackManifest manifest;
  private final String digest;
  private final PackContent content;
  private final PackProof proof;

  private MemoryPack(Path directory, PackManifest manifest, PackProof proof, String digest) {
    this.directory = directory;
    this.manifest = manifest;
    this.proof = proof;
    this.digest = digest;
    this.content = PackContent.read(directory, manifest, digest, VocabularyCache.standard());
    NetworkShape network = content.network();
    if (manifest.architecture() != network.architecture()
        || manifest.vocabularySize() != network.vocabulary()) {
      throw new MalformedFileException(
          "%s: \"architecture\" and \"vocabularySize\" are %s and %d, but %s says %s and %d"
              .formatted(
                  directory.resolve(PackManifest.FILE),
                  manifest.architecture().modelType(),
                  manifest.vocabularySize(),
                  HuggingFaceConfig.FILE,
                  network.architecture().modelType(),
                  network.vocabulary()));
    }
  }

  /**
   * Opens a pack, or a plain model folder. Every file is verified: read to its end, unless it was
   * before and its file system says that nothing about it changed since. {@link #openFresh} reads
   * in any case.
   *
   * <p>The environment variable {@code MNEME_SIGNATURES} says whether a signature is needed; see
   * {@link Trust#ofEnvironment}. A plain folder has none.
   *
   * @throws UntrustedPackException if a signature is required and nobody vouches for the pack
   * @throws PackIntegrityException if a file is absent, has another size or digest, is a link, or
   *     is a model file that the manifest does not list; names every such file
   * @throws MalformedFileException if a file breaks the rules of its format
   * @throws MnemeException if something is missing or cannot be read, or a folder without manifest
   *     holds an MLP Memory, whose host nothing names
   */
  public static MemoryPack open(Path directory) {
    return open(directory, Trust.ofEnvironment());
  }

  /**
   * As {@link #open(Path)}, by a policy of the caller's own. An engine that runs the pack asks the
   * environment all the same, unless {@code trust} required a signature.
   */
  public static MemoryPack open(Path directory, Trust trust) {
    return open(directory, trust, KnownDigests.standard()::describe);
  }

  /** As {@link #open(Path)}, reading every file to its end whatever is known of it. */
  public static MemoryPack openFresh(Path directory) {
    return openFresh(directory, Trust.ofEnvironment());
  }

  /** As {@link #openFresh(Path)}, by a policy of the caller's own. */
  public static MemoryPack openFresh(Path directory, Trust trust) {
    return open(directory, trust, PackFiles::describe);
  }

  private static MemoryPack open(Path directory, Trust trust, Function<Path, Entry> describe) {
    if (!Files.isDirectory(directory)) {
      throw new MnemeException(
          "%s; a pack is a folder with %s, or with a model's %s"
              .formatted(noFolder(directory), PackManifest.FILE, HuggingFaceConfig.FILE));
    }
    Path file = directory.resolve(PackManifest.FILE);
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return openPlainFolder(directory, trust, describe);
    }
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) { // whoever opens a pipe waits
      throw new PackIntegrityException(
          "%s is no regular file; fetch or import the pack again".formatted(file));
    }
    byte[] bytes = RegularFiles.read(file, PackManifest.MOST_BYTES);
    PackManifest manifest = PackManifest.parse(file.toString(), bytes);
    PackProof proof = PackProof.of(directory, bytes, trust);
    verify(directory, manifest, describe);
    return new MemoryPack(directory, manifest, proof, "sha256:" + PackFiles.sha256(bytes));
  }

  /**
   * Makes a pack of a Memory Decoder's folder. The folder is checked first, its files are copied,
   * and the pack appears under its name only when complete. What a killed import to the same place
   * left behind is removed.
   *
   * @param directory with {@code config.json}, SafeTensors weights and {@code tokenizer.json}
   * @param out the pack's folder, which must not exist
   * @throws MalformedFileException if a file of the model breaks the rules of its format
   * @throws MnemeException if the name is not allowed, {@code out} exists, the model is of an
   *     unsupported kind, another import to {@code out} is running or a file cannot be read or
   *     written; nothing is left behind
   */
  public static MemoryPack importFrom(Path directory, PackLabel label, Path out) {
    return importFrom(directory, label, new PackKind.MemoryDecoder(), out);
  }

  /**
   * Makes a pack of the folder of an MLP Memory, as {@link #importFrom(Path, PackLabel, Path)} does
   * of a Memory Decoder's.
   *
   * @param directory with the memory's {@code config.json} and SafeTensors weights, and the host's
   *     {@code tokenizer.json}
   * @param reads the host the memory was trained on, and the place there; see {@link HostNorms}
   * @throws IllegalArgumentException if {@code reads} names a block the host does not have
   */
  public static MemoryPack importFrom(Path directory, PackLabel label, TappedHost reads, Path out) {
    return importFrom(directory, label, new PackKind.MlpMemory(reads), out);
  }

  /** As {@link #importFrom(Path, PackLabel, Path)}, labelled by {@link PackLabel#of}. */
  public static MemoryPack importFrom(Path directory, String name, String domain, Path out) {
    return importFrom(directory, PackLabel.of(name, domain), out);
  }

  private static MemoryPack importFrom(Path directory, PackLabel label, PackKind kind, Path out) {
    PackImport.run(directory, label, kind, out);
    return open(out, Trust.OFF); // nobody had time to sign it
  }

  public String name() {
    return manifest.name();
  }

  /** What exactly this is: {@code sha256:} and 64 hex digits, of the manifest's bytes. */
  public String digest() {
    return digest;
  }

  public Path directory() {
    return directory;
  }

  /** The manifest; for a plain folder one made up from its content. */
  public PackManifest manifest() {
    return manifest;
  }

  /** Which kind of memory this is, and what that kind reads. */
  public PackKind kind() {
    return manifest.kind();
  }

  /**
   * The network's shape: a {@link HuggingFaceConfig} for a Memory Decoder, a {@link MlpShape} for
   * an MLP Memory.
   */
  public NetworkShape network() {
    return content.network();
  }

  public Vocabulary vocabulary() {
    return content.vocabulary();
  }

  /** The weight the pack's maker recommends; empty for a plain folder. */
  public OptionalDouble recommendedLambda() {
    return proof.isOfPlainFolder() ? OptionalDouble.empty() : OptionalDouble.of(manifest.lambda());
  }

  /** Who vouched for the pack when it was opened, where the policy asked. */
  public Optional<String> signer() {
    return proof.signer();
  }

  /**
   * Refuses a pack that nobody vouched for, if the environment variable {@code MNEME_SIGNATURES}
   * requires that somebody does. Every engine asks before it runs a pack, however it was opened.
   *
   * @throws UntrustedPackException if nobody vouches for it
   */
  public void requireTrusted() {
    proof.requireTrusted(directory);
  }

  /** The type that loses nothing of the weights: F16 where they are stored so, or else F32. */
  public WeightType storedType() {
    return content.storedType();
  }

  /** How many of the weights are NaN or infinite; reads them all. */
  public long weightsNotFinite() {
    try (TensorSource weights = PackContent.weights(directory, network())) {
      return NotFinite.count(weights);
    }
  }

  /**
   * Compares what this memory needs with what a host is; see {@link Compatibility#of}.
   *
   * @param onForeignHost whether an MLP Memory may read a host it was not trained on
   */
  public Compatibility compatibilityWith(HostModel host, ForeignHostPolicy onForeignHost) {
    Optional<TappedHost> reads =
        kind() instanceof PackKind.MlpMemory(TappedHost tapped)
            ? Optional.of(tapped)
            : Optional.empty();
    return Compatibility.of(host, name(), vocabulary(), reads, onForeignHost);
  }

  private static MemoryPack openPlainFolder(
      Path directory, Trust trust, Function<Path, Entry> describe) {
    PackProof proof = PackProof.ofPlainFolder(directory, trust);
    var kind = new PackKind.MemoryDecoder(); // the only kind that names no host
    PackContent.requireKind(directory, kind);
    HuggingFaceConfig config = HuggingFaceConfig.read(directory);
    List<Entry> files =
        PackFiles.carried(directory).stream()
            .map(name -> describe.apply(directory.resolve(name)))
            .toList();
    var manifest =
        new PackManifest(
            String.valueOf(directory.toAbsolutePath().normalize().getFileName()),
            PackVersion.FIRST,
            "",
            kind,
            "",
            PackLabel.DEFAULT_LAMBDA,
            config.architecture(),
            config.vocabulary(),
            files);
    return new MemoryPack(directory, manifest, proof, "sha256:" + PackFiles.sha256(files));
  }

  private static String noFolder(Path path) {
    return Files.isRegularFile(path)
        ? "%s is no pack's folder: it %s".formatted(path, FileKind.of(path).advice())
        : "no such pack: %s %s"
            .formatted(path, RegularFiles.problem(path).orElse("is not a folder"));
  }

  private static void verify(
      Path directory, PackManifest manifest, Function<Path, Entry> describe) {
    var problems = new ArrayList<String>();
    for (Entry expected : manifest.files()) {
      Path file = directory.resolve(expected.name());
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        problems.add(
            "\"%s\" is listed but %s"
                .formatted(
                    expected.name(),
                    Files.exists(file, LinkOption.NOFOLLOW_LINKS)
                        ? "is no regular file"
                        : "absent"));
        continue;
      }
      long size = file.toFile().length();
      if (size != expected.bytes()) {
        problems.add(
            FileKind.isPointer(file)
                ? "\"%s\" %s".formatted(expected.name(), FileKind.GIT_LFS_POINTER.advice())
                : "\"%s\" has %d bytes, expected %d"
                    .formatted(expected.name(), size, expected.bytes()));
        continue;
      }
      Entry found = describe.apply(file);
      if (!found.equals(expected)) {
        problems.add(
            "\"%s\" has SHA-256 %s, expected %s"
                .formatted(expected.name(), found.sha256(), expected.sha256()));
      }
    }
    for (String name : PackFiles.unlisted(directory, manifest)) {
      problems.add("\"%s\" is there but not listed".formatted(name));
    }
    if (!problems.isEmpty()) {
      throw new PackIntegrityException(
          "%s is not the pack its %s describes; fetch or import it again: %s"
              .formatted(directory, PackManifest.FILE, Problems.join(problems)));
    }
  }
}
