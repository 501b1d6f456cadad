package dev.mneme.store;

import com.google.common.base.Ascii;
import dev.mneme.MnemeException;
import dev.mneme.store.hf.GgufConverter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The GGUF form of a pack, which llama.cpp runs: made once and kept in a cache folder, where anyone
 * may delete it at any time.
 *
 * <p>A file's name holds the pack's digest, so a file never goes stale; beside it lies its own
 * SHA-256, so a damaged one is found before it is used, and made again. Several processes may ask
 * at once: each makes its own and moves it into place whole.
 */
public final class DerivedGguf {
  private static final Logger log = LoggerFactory.getLogger(DerivedGguf.class);

  private static final String TEMPORARY = ".making-";

  /** Far longer than any conversion: what is older was left by a process that died. */
  private static final Duration ABANDONED = Duration.ofDays(2);

  private DerivedGguf() {}

  /** {@code cache/gguf} in the folder that MNEME_HOME names, or else in {@code ~/.mneme}. */
  public static Path defaultCache() {
    return defaultCache(System.getenv(), System.getProperty("user.home"));
  }

  static Path defaultCache(Map<String, String> environment, String userHome) {
    String named = environment.getOrDefault("MNEME_HOME", "");
    Path home = named.isBlank() ? Path.of(userHome, ".mneme") : Path.of(named);
    return home.resolve("cache").resolve("gguf");
  }

  /**
   * The GGUF of a pack, made now if the cache does not have it.
   *
   * @param cache a folder, created if absent
   * @throws MnemeException if the weights cannot be converted or the cache cannot be written
   */
  public static Path of(MemoryPack pack, WeightType type, Path cache) {
    Path file = cache.resolve(fileName(pack, type));
    try {
      if (isWhole(file)) {
        return file;
      }
      if (Files.exists(file)) {
        log.warn("the cached {} is damaged and will be made again", file);
      }
      Files.createDirectories(cache);
      removeAbandoned(cache);
      Path temporary = Files.createTempDirectory(cache, TEMPORARY);
      Path made = temporary.resolve(file.getFileName());
      try {
        GgufConverter.convertMemory(pack.directory(), made, type);
        Path sum = Files.writeString(sumOf(made), PackFiles.describe(made).sha256());
        Files.move(sum, sumOf(file), StandardCopyOption.ATOMIC_MOVE);
        // Another process may have been faster; its file has the same content and may be in use.
        if (!isWhole(file)) {
          Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
        }
      } finally {
        Files.deleteIfExists(made);
        Files.deleteIfExists(sumOf(made));
        Files.deleteIfExists(temporary);
      }
      return file;
    } catch (IOException e) {
      throw new MnemeException(
          "cannot keep a GGUF file in %s: %s; set MNEME_HOME to a writable folder"
              .formatted(cache, e),
          e);
    }
  }

  private static String fileName(MemoryPack pack, WeightType type) {
    return "%s-%s-v%d.gguf"
        .formatted(
            pack.digest().substring("sha256:".length()),
            Ascii.toLowerCase(type.name()),
            GgufConverter.VERSION);
  }

  private static Path sumOf(Path file) {
    return file.resolveSibling(file.getFileName() + ".sha256");
  }

  private static boolean isWhole(Path file) throws IOException {
    return Files.exists(file)
        && Files.exists(sumOf(file))
        && PackFiles.describe(file).sha256().equals(Files.readString(sumOf(file)));
  }

  private static void removeAbandoned(Path cache) throws IOException {
    FileTime limit = FileTime.from(Instant.now().minus(ABANDONED));
    List<Path> entries;
    try (Stream<Path> list = Files.list(cache)) {
      entries = list.filter(e -> String.valueOf(e.getFileName()).startsWith(TEMPORARY)).toList();
    }
    for (Path directory : entries) {
      if (Files.getLastModifiedTime(directory).compareTo(limit) < 0) {
        try (Stream<Path> files = Files.list(directory)) {
          for (Path file : files.toList()) {
            Files.deleteIfExists(file);
          }
        }
        Files.deleteIfExists(directory);
      }
    }
  }
}
