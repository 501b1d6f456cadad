package dev.mneme.store;

import dev.mneme.FailureText;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.PackIntegrityException;
import dev.mneme.UnresolvedNameException;
import dev.mneme.store.PackManifest.Entry;
import dev.mneme.store.hf.GgufConverter;
import dev.mneme.store.hf.HuggingFaceModel;
import dev.mneme.store.packs.PackArchive;
import dev.mneme.store.packs.PackSignature;
import dev.mneme.store.packs.Trust;
import dev.mneme.store.packs.UntrustedPackException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The packs and hosts that jars bring along, by name: {@code META-INF/mneme/packs/NAME} is a pack,
 * {@code META-INF/mneme/hosts/NAME} a Hugging Face directory with {@code SHA256SUMS}.
 *
 * <p>Engines map files, which a jar cannot give, so what is in a jar is copied once to the cache
 * under its digest. Nothing is used unverified: files are checked while they are copied and each
 * time they are opened again, and made anew if damaged. Folders on the class path are used where
 * they are. Safe for several threads and processes.
 */
public final class ClassPathModels {
  private final ClassLoader loader;
  private final Path cache;

  private ClassPathModels(ClassLoader loader, Path cache) {
    this.loader = loader;
    this.cache = cache;
  }

  /**
   * What the thread's class loader sees, cached in {@code $MNEME_HOME/cache}, by default {@code
   * ~/.mneme/cache}.
   */
  public static ClassPathModels here() {
    return of(
        Optional.ofNullable(Thread.currentThread().getContextClassLoader())
            .orElseGet(ClassLoader::getSystemClassLoader),
        CacheFolder.standard());
  }

  /** What a class loader sees, with a cache folder, which is created when needed. */
  public static ClassPathModels of(ClassLoader loader, Path cache) {
    return new ClassPathModels(loader, cache);
  }

  /** Names of the packs, sorted. */
  public List<String> packs() {
    return ClassPathFolder.names(loader, ClassPathFolder.Kind.PACK);
  }

  /** Names of the hosts, sorted. */
  public List<String> hosts() {
    return ClassPathFolder.names(loader, ClassPathFolder.Kind.HOST);
  }

  /** As {@link #pack(String, Trust)}, with the environment's policy on signatures. */
  public MemoryPack pack(String name) {
    return pack(name, Trust.ofEnvironment());
  }

  /**
   * Opens a pack as {@link MemoryPack#open(Path, Trust)} does.
   *
   * @throws UntrustedPackException if a signature is required and nobody vouches for the pack
   * @throws UnresolvedNameException if no pack has the name, or several do
   * @throws PackIntegrityException if a file is not the one the manifest names
   * @throws MnemeException if the cache cannot be written
   */
  public MemoryPack pack(String name, Trust trust) {
    ClassPathFolder found = ClassPathFolder.find(loader, ClassPathFolder.Kind.PACK, name);
    byte[] index = found.readIndex();
    PackManifest manifest = PackManifest.parse(found.place().toString(), index);
    if (!manifest.name().equals(name)) {
      throw new MalformedFileException(
          "%s: \"name\" is %s, expected %s like its folder"
              .formatted(found.place(), manifest.name(), name));
    }
    Optional<Path> folder = found.inPlace();
    try {
      return folder.isPresent()
          ? MemoryPack.open(folder.get(), trust)
          : new ClassPathCopy<>(
                  found,
                  withSignature(found, index),
                  manifest.files().stream().collect(Collectors.toMap(Entry::name, Entry::sha256)),
                  cache.resolve("packs"),
                  PackFiles.sha256(index),
                  copy -> MemoryPack.open(copy, trust))
              .opened();
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  /**
   * A host as a GGUF file, its weights as stored; {@code HostLoader} opens it.
   *
   * @throws UnresolvedNameException if no host has the name, or several do
   * @throws PackIntegrityException if a file is not the one {@code SHA256SUMS} names
   * @throws MnemeException if the cache cannot be written
   */
  public Path host(String name) {
    ClassPathFolder found = ClassPathFolder.find(loader, ClassPathFolder.Kind.HOST, name);
    byte[] index = found.readIndex();
    Map<String, String> sums = HostSums.parse(found.place(), index);
    return DerivedGguf.ofHost(
        "sha256:" + PackFiles.sha256(index),
        name,
        cache.resolve("gguf"),
        gguf -> {
          try {
            // The file becomes one of the cache beside it, and this copy goes with its folder.
            Path copy = Files.createDirectories(gguf.resolveSibling("files").resolve(name));
            found.copyTo(copy, sums);
            GgufConverter.convertHost(copy, gguf, storedType(copy));
          } catch (IOException e) {
            throw unwritable(e);
          }
        });
  }

  /**
   * A host as the Hugging Face folder it is, under its own name; engines that run such folders open
   * it, and a recipe trains memories for it. Only to be read.
   *
   * @throws UnresolvedNameException if no host has the name, or several do
   * @throws PackIntegrityException if a file is not the one {@code SHA256SUMS} names
   * @throws MnemeException if the cache cannot be written
   */
  public Path hostFolder(String name) {
    ClassPathFolder found = ClassPathFolder.find(loader, ClassPathFolder.Kind.HOST, name);
    byte[] index = found.readIndex();
    Map<String, String> sums = HostSums.parse(found.place(), index);
    Optional<Path> folder = found.inPlace();
    try {
      return folder.isPresent()
          ? HostSums.verified(folder.get(), sums)
          : new ClassPathCopy<>(
                  found,
                  Map.of(found.indexName(), index),
                  sums,
                  cache.resolve("hosts").resolve(PackFiles.sha256(index)),
                  name,
                  copy -> HostSums.verified(copy, sums))
              .opened();
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private static Map<String, byte[]> withSignature(ClassPathFolder found, byte[] index) {
    var files = new LinkedHashMap<String, byte[]>();
    files.put(found.indexName(), index);
    found
        .read(PackSignature.FILE, PackArchive.LARGEST_SIGNATURE)
        .ifPresent(signature -> files.put(PackSignature.FILE, signature));
    return files;
  }

  private static WeightType storedType(Path directory) {
    try (HuggingFaceModel model = HuggingFaceModel.open(directory)) {
      return PackContent.storedType(model.tensors());
    }
  }

  private MnemeException unwritable(IOException e) {
    return new MnemeException(
        "cannot keep models of the class path in %s: %s; set MNEME_HOME to a writable folder"
            .formatted(cache, FailureText.of(e)),
        e);
  }
}
