package dev.mneme.store;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.hf.GgufConverter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The GGUF file an engine runs a pack from: written once, kept in a cache under the digest of what
 * it was made of, and made again when it is damaged. The pack itself stays the source of truth.
 */
public final class DerivedGguf {

  /** Raised whenever the converter writes something else for the same pack. */
  private static final int CONVERTER_VERSION = 1;

  private DerivedGguf() {}

  /** {@code $MNEME_HOME/cache/gguf}, or {@code ~/.mneme/cache/gguf}. */
  public static Path defaultCache() {
    String home = System.getenv("MNEME_HOME");
    Path base =
        home == null || home.isBlank()
            ? Path.of(System.getProperty("user.home"), ".mneme")
            : Path.of(home);
    return base.resolve("cache").resolve("gguf");
  }

  /**
   * The pack's GGUF file, made now if it is not cached. Several processes may ask at once: each
   * makes a whole file, and one of them stays.
   */
  public static Path of(MemoryPack pack, WeightType type, Path cache) {
    String digest = pack.digest().substring("sha256:".length());
    Path file = cache.resolve("%s-%s-v%d.gguf".formatted(digest, type, CONVERTER_VERSION));
    if (Files.exists(file) && isWhole(file)) {
      return file;
    }
    try {
      Files.createDirectories(cache);
    } catch (IOException e) {
      throw new MnemeException(
          "cannot create the cache %s: %s; set MNEME_HOME to a writable folder"
              .formatted(cache, e.getMessage()),
          e);
    }
    GgufConverter.convertMemory(pack.directory(), file, type);
    return file;
  }

  private static boolean isWhole(Path file) {
    try {
      GgufFile.read(file);
      return true;
    } catch (MalformedFileException e) {
      return false;
    }
  }
}
