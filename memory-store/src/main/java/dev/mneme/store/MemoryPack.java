package dev.mneme.store;

import dev.mneme.HostModel;
import dev.mneme.IncompatibleMemoryException;
import dev.mneme.MnemeException;
import dev.mneme.PackIntegrityException;
import dev.mneme.Vocabulary;
import dev.mneme.store.hf.HuggingFaceConfig;
import dev.mneme.store.hf.HuggingFaceModel;
import dev.mneme.store.hf.TokenizerJson;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * A memory in a directory: Hugging Face files beside a {@code pack.json} that names each of them
 * with its digest. Opening a pack has checked every byte; it holds nothing open.
 *
 * <p>A Hugging Face directory without a manifest opens too, as a pack named after the directory:
 * then nothing says what the bytes should be, and its digest only tells what they are.
 */
public final class MemoryPack {

  private static final String MANIFEST = "pack.json";
  private static final double UNSTATED_LAMBDA = 0.6;

  private final Path directory;
  private final PackManifest manifest;
  private final boolean hasManifest;
  private final HuggingFaceConfig config;
  private final Vocabulary vocabulary;

  private MemoryPack(Path directory, PackManifest manifest, boolean hasManifest) {
    this.directory = directory;
    this.manifest = manifest;
    this.hasManifest = hasManifest;
    this.config = HuggingFaceConfig.read(directory);
    this.vocabulary = TokenizerJson.read(directory, config).vocabulary();
  }

  /**
   * Opens a pack and checks every file against the manifest.
   *
   * @throws PackIntegrityException if a file is missing, changed or not listed; nothing was used
   * @throws dev.mneme.MalformedFileException if a file breaks its format
   */
  public static MemoryPack open(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new MnemeException(
          "no such memory: "
              + directory
              + "; give the folder of a pack or of a Hugging Face model");
    }
    Path file = directory.resolve(MANIFEST);
    if (!Files.exists(file)) {
      HuggingFaceModel.check(directory);
      return new MemoryPack(
          directory, describe(directory, folderName(directory), "unstated"), false);
    }
    PackManifest manifest = PackManifest.parse(file.toString(), readAll(file));
    verify(directory, manifest);
    HuggingFaceModel.check(directory);
    return new MemoryPack(directory, manifest, true);
  }

  /**
   * Makes a pack of a Hugging Face directory. The pack appears whole or not at all.
   *
   * @param name the pack's name
   * @param domain what it knows, for people
   * @param out a directory that does not exist yet
   * @throws dev.mneme.MalformedFileException if configuration, tokenizer and weights do not fit, or
   *     the weights are a pickle
   */
  public static MemoryPack importFrom(Path model, String name, String domain, Path out) {
    if (Files.exists(out)) {
      throw new MnemeException(out + " exists already; choose another place or remove it");
    }
    HuggingFaceModel.check(model);
    PackManifest manifest = describe(model, name, domain);
    byte[] bytes = manifest.toBytes();
    PackManifest.parse(MANIFEST, bytes); // refuses a bad name or domain before anything is written
    Path temporary =
        out.resolveSibling(out.getFileName() + "." + ProcessHandle.current().pid() + ".part");
    try {
      Files.createDirectories(temporary);
      for (PackManifest.Entry file : manifest.files()) {
        Files.copy(
            model.resolve(file.name()),
            temporary.resolve(file.name()),
            StandardCopyOption.REPLACE_EXISTING);
      }
      Files.write(temporary.resolve(MANIFEST), bytes);
      Files.move(temporary, out, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      deleteQuietly(temporary);
      throw new MnemeException(
          "cannot write the pack %s: %s; check the folder and the free space"
              .formatted(out, e.getMessage()),
          e);
    }
    return open(out);
  }

  private static void deleteQuietly(Path directory) {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      // The failure that brought us here is the one to report.
    }
  }

  private static String folderName(Path directory) {
    Path name = directory.toAbsolutePath().normalize().getFileName();
    return name == null ? "memory" : name.toString().toLowerCase(Locale.ROOT);
  }

  private static PackManifest describe(Path model, String name, String domain) {
    var entries = new ArrayList<PackManifest.Entry>();
    for (String file : modelFiles(model)) {
      Path path = model.resolve(file);
      try {
        entries.add(new PackManifest.Entry(file, Files.size(path), Digests.of(path)));
      } catch (IOException e) {
        throw new MnemeException("cannot read " + path + ": " + e.getMessage(), e);
      }
    }
    return new PackManifest(name, domain, PackManifest.MEMORY_DECODER, UNSTATED_LAMBDA, entries);
  }

  /** Files that make a difference to a loader, in a fixed order. */
  private static List<String> modelFiles(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".json") || name.endsWith(".safetensors"))
          .filter(name -> !name.equals(MANIFEST))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new MnemeException("cannot list " + directory + ": " + e.getMessage(), e);
    }
  }

  private static void verify(Path directory, PackManifest manifest) {
    var problems = new ArrayList<String>();
    List<String> listed = manifest.files().stream().map(PackManifest.Entry::name).toList();
    for (String present : modelFiles(directory)) {
      if (!listed.contains(present)) {
        problems.add(present + " is there, but not listed");
      }
    }
    for (PackManifest.Entry entry : manifest.files()) {
      checkFile(directory.resolve(entry.name()), entry, problems);
    }
    if (!problems.isEmpty()) {
      throw new PackIntegrityException(
          "the pack %s is not what its pack.json says; get it again:%n  %s"
              .formatted(directory, String.join("\n  ", problems)));
    }
  }

  private static void checkFile(Path file, PackManifest.Entry entry, List<String> problems) {
    try {
      if (!Files.isRegularFile(file)) {
        problems.add(entry.name() + " is listed, but missing");
      } else if (Files.size(file) != entry.bytes()) {
        problems.add(
            "%s should have %d bytes, but has %d"
                .formatted(entry.name(), entry.bytes(), Files.size(file)));
      } else {
        String actual = Digests.of(file);
        if (!actual.equals(entry.sha256())) {
          problems.add(
              "%s should have the SHA-256 %s, but has %s"
                  .formatted(entry.name(), entry.sha256(), actual));
        }
      }
    } catch (IOException e) {
      problems.add("%s cannot be read: %s".formatted(entry.name(), e.getMessage()));
    }
  }

  private static byte[] readAll(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new MnemeException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  public Path directory() {
    return directory;
  }

  public PackManifest manifest() {
    return manifest;
  }

  public String name() {
    return manifest.name();
  }

  /** {@code sha256:} over the manifest, which holds the digest of every file. */
  public String digest() {
    return "sha256:" + Digests.of(manifest.toBytes());
  }

  public HuggingFaceConfig config() {
    return config;
  }

  public Vocabulary vocabulary() {
    return vocabulary;
  }

  /** The weight the pack's maker recommends; empty without a manifest. */
  public OptionalDouble recommendedLambda() {
    return hasManifest ? OptionalDouble.of(manifest.lambda()) : OptionalDouble.empty();
  }

  /** The type that keeps the weights as they are stored: 16-bit ones stay 16-bit. */
  public WeightType storedType() {
    try (TensorSource weights = TensorSource.openDirectory(directory)) {
      boolean half =
          weights.tensors().values().stream().allMatch(tensor -> tensor.dtype() == Dtype.F16);
      return half ? WeightType.F16 : WeightType.F32;
    }
  }

  /**
   * Checks that ids mean the same here and in the host.
   *
   * @throws IncompatibleMemoryException with every difference
   */
  public void requireVocabularyOf(HostModel host) {
    List<String> differences = host.vocabulary().differencesFrom(vocabulary);
    if (!differences.isEmpty()) {
      throw new IncompatibleMemoryException(
          "memory %s does not speak the tokens of host %s (here: the host, there: the memory); use one trained for this tokenizer:%n  %s"
              .formatted(name(), host.name(), String.join("\n  ", differences)));
    }
  }
}
