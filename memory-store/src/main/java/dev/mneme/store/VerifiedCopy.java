package dev.mneme.store;

import dev.mneme.PackIntegrityException;
import dev.mneme.store.PackManifest.Entry;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A private copy of files whose digests are known, taken in the same read as the digests. What is
 * made of the copy is made of these very bytes: a file that is changed after it was verified, and
 * maybe put back later, cannot get into a cache under a digest that is not its own.
 */
final class VerifiedCopy {

  private VerifiedCopy() {}

  /**
   * Copies files.
   *
   * @param to an empty folder that nobody else knows
   * @throws PackIntegrityException naming every file that is not the listed one any more
   */
  static void of(Path from, List<Entry> files, Path to) throws IOException {
    var problems = new ArrayList<String>();
    for (Entry expected : files) {
      Path file = from.resolve(expected.name());
      try (InputStream in = Files.newInputStream(file);
          OutputStream out = Files.newOutputStream(to.resolve(expected.name()))) {
        Entry copied = PackFiles.copy(expected.name(), in, out);
        if (!copied.equals(expected)) {
          problems.add(
              "\"%s\" has SHA-256 %s, expected %s"
                  .formatted(expected.name(), copied.sha256(), expected.sha256()));
        }
      }
    }
    if (!problems.isEmpty()) {
      throw new PackIntegrityException(
          "%s was changed after it was verified; open it again when nobody writes to it: %s"
              .formatted(from, String.join("; ", problems)));
    }
  }
}
