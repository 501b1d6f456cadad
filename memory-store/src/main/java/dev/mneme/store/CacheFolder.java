package dev.mneme.store;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.mneme.store.files.LeftFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/**
 * Folders of what can be made again. Things are put together in a temporary folder inside, then
 * moved into place whole; what a process that died left there is removed by the next.
 */
final class CacheFolder {

  private static final String TEMPORARY = ".making-";

  /** Files that earlier versions put together. */
  private static final String TEMPORARY_FILE = ".new-";

  /** Far longer than anything takes: what is older was left by a process that died. */
  private static final Duration ABANDONED = Duration.ofDays(2);

  private CacheFolder() {}

  /** {@code cache} in the folder of {@link MnemeHome}. */
  static Path standard() {
    return MnemeHome.folder().resolve("cache");
  }

  /** A new temporary folder in a cache, which is created if absent. */
  static Path temporary(Path cache) throws IOException {
    Files.createDirectories(cache);
    removeAbandoned(cache, TEMPORARY);
    return Files.createTempDirectory(cache, TEMPORARY);
  }

  /** Removes single files that a process which died was writing in a cache. */
  static void removeUnfinished(Path cache) throws IOException {
    LeftFiles.removeOwned(cache);
    removeAbandoned(cache, TEMPORARY_FILE);
  }

  private static void removeAbandoned(Path cache, String prefix) throws IOException {
    FileTime limit = FileTime.from(Instant.now().minus(ABANDONED));
    List<Path> entries;
    try (Stream<Path> list = Files.list(cache)) {
      entries = list.filter(e -> String.valueOf(e.getFileName()).startsWith(prefix)).toList();
    }
    for (Path directory : entries) {
      if (Files.exists(directory) && Files.getLastModifiedTime(directory).compareTo(limit) < 0) {
        delete(directory);
      }
    }
  }

  static void delete(Path directory) throws IOException {
    if (Files.exists(directory)) {
      MoreFiles.deleteRecursively(directory, RecursiveDeleteOption.ALLOW_INSECURE);
    }
  }
}
