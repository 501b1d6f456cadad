package dev.mneme.store;

import com.google.common.base.Splitter;
import dev.mneme.MalformedFileException;
import dev.mneme.PackIntegrityException;
import dev.mneme.store.files.Problems;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * {@code SHA256SUMS} of a host on the class path: one line a file, as {@code sha256sum} writes and
 * checks them.
 */
final class HostSums {

  static final String FILE = "SHA256SUMS";

  private static final int HEX_DIGITS = 64;

  private HostSums() {}

  /**
   * File names and their SHA-256, in order.
   *
   * @param file where the bytes came from, for messages
   * @throws MalformedFileException naming the line that is none
   */
  static Map<String, String> parse(Path file, byte[] bytes) {
    var sums = new LinkedHashMap<String, String>();
    int number = 0;
    for (String line :
        Splitter.on('\n').split(new String(bytes, StandardCharsets.UTF_8).stripTrailing())) {
      number++;
      boolean wellFormed =
          line.length() > HEX_DIGITS + 2
              && PackManifest.SHA256.matcher(line.substring(0, HEX_DIGITS)).matches()
              && line.charAt(HEX_DIGITS) == ' '
              && " *".indexOf(line.charAt(HEX_DIGITS + 1)) >= 0
              && PackManifest.isPlainFileName(line.substring(HEX_DIGITS + 2));
      if (!wellFormed
          || sums.put(line.substring(HEX_DIGITS + 2), line.substring(0, HEX_DIGITS)) != null) {
        throw new MalformedFileException(
            "%s: line %d is \"%s\", expected 64 lower-case hex digits, two blanks and a plain file name that stands once; write the file with sha256sum"
                .formatted(file, number, line));
      }
    }
    return sums;
  }

  /**
   * A folder whose listed files are what the sums say.
   *
   * @throws PackIntegrityException naming every file that is absent or another
   */
  static Path verified(Path folder, Map<String, String> sums) {
    var problems = new ArrayList<String>();
    sums.forEach(
        (name, sum) -> {
          Path file = folder.resolve(name);
          if (!Files.isRegularFile(file)) {
            problems.add("\"%s\" is listed but absent".formatted(name));
            return;
          }
          String found = PackFiles.describe(file).sha256();
          if (!found.equals(sum)) {
            problems.add("\"%s\" has SHA-256 %s, expected %s".formatted(name, found, sum));
          }
        });
    if (!problems.isEmpty()) {
      throw new PackIntegrityException(
          "the host in %s is not what its %s lists; get it again: %s"
              .formatted(folder, FILE, Problems.join(problems)));
    }
    return folder;
  }
}
