package dev.mneme.store;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.PackIntegrityException;
import dev.mneme.UnresolvedNameException;
import dev.mneme.store.PackManifest.Entry;
import dev.mneme.store.hf.GgufConverter;
import dev.mneme.store.hf.HuggingFaceModel;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
  private static final Logger log = LoggerFactory.getLogger(ClassPathModels.class);

  private static final int ATTEMPTS = 3;

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

  /**
   * Opens a pack as {@link MemoryPack#open} does.
   *
   * @throws UnresolvedNameException if no pack has the name, or several do
   * @throws PackIntegrityException if a file is not the one the manifest names
   * @throws MnemeException if the cache cannot be written
   */
  public MemoryPack pack(String name) {
    ClassPathFolder found = ClassPathFolder.find(loader, ClassPathFolder.Kind.PACK, name);
    byte[] index = found.readIndex();
    PackManifest manifest = PackManifest.parse(found.place(), index);
    if (!manifest.name().equals(name)) {
      throw new MalformedFileException(
          "%s: \"name\" is %s, expected %s like its folder"
              .formatted(found.place(), manifest.name(), name));
    }
    Optional<Path> folder = found.inPlace();
    try {
      return folder.isPresent()
          ? MemoryPack.open(folder.get())
          : extracted(found, index, manifest, cache.resolve("packs"));
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

  private static WeightType storedType(Path directory) {
    try (HuggingFaceModel model = HuggingFaceModel.open(directory)) {
      return PackContent.storedType(model.tensors());
    }
  }

  private static MemoryPack extracted(
      ClassPathFolder found, byte[] index, PackManifest manifest, Path packs) throws IOException {
    Path target = packs.resolve(PackFiles.sha256(index));
    Optional<MemoryPack> kept = kept(target, index);
    for (int i = 0; kept.isEmpty() && i < ATTEMPTS; i++) {
      extract(found, index, manifest, packs, target);
      kept = kept(target, index);
    }
    return kept.orElseThrow(
        () ->
            new PackIntegrityException(
                "the copy of the pack %s in %s is damaged whenever it is made; check the disk"
                    .formatted(found.name(), target)));
  }

  /**
   * Opens the copy if it is whole: opening checks every file against the manifest, and this the
   * manifest. Another process may find it damaged and replace it meanwhile.
   */
  private static Optional<MemoryPack> kept(Path target, byte[] index) throws IOException {
    Path file = target.resolve(PackManifest.FILE);
    if (!Files.exists(target)) {
      return Optional.empty();
    }
    try {
      if (Files.exists(file) && Arrays.equals(Files.readAllBytes(file), index)) {
        return Optional.of(MemoryPack.open(target));
      }
      log.warn("the cached pack {} has another manifest and will be made again", target);
    } catch (PackIntegrityException e) {
      log.warn("the cached pack is damaged and will be made again: {}", e.getMessage());
    } catch (MnemeException e) {
      // Replaced by another process meanwhile, and whole now; or refused for what it is.
      return Optional.of(MemoryPack.open(target));
    }
    return Optional.empty();
  }

  private static void extract(
      ClassPathFolder found, byte[] index, PackManifest manifest, Path packs, Path target)
      throws IOException {
    Path temporary = CacheFolder.temporary(packs);
    try {
      Path made = Files.createDirectory(temporary.resolve("made"));
      found.copyTo(
          made, manifest.files().stream().collect(Collectors.toMap(Entry::name, Entry::sha256)));
      Files.write(made.resolve(PackManifest.FILE), index);
      if (kept(target, index).isEmpty()) { // another process may have been faster
        moveAway(target, temporary.resolve("damaged"));
      }
      try {
        Files.move(made, target, StandardCopyOption.ATOMIC_MOVE);
      } catch (FileSystemException e) {
        if (!Files.exists(target)) {
          throw e;
        } // another process was faster, and what it made is checked next
      }
    } finally {
      CacheFolder.delete(temporary);
    }
  }

  private static void moveAway(Path target, Path to) throws IOException {
    try {
      Files.move(target, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      // The usual case: nothing was damaged.
    }
  }

  private MnemeException unwritable(IOException e) {
    return new MnemeException(
        "cannot keep models of the class path in %s: %s; set MNEME_HOME to a writable folder"
            .formatted(cache, e),
        e);
  }
}
