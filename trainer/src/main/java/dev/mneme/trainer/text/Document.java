package dev.mneme.trainer.text;

import java.nio.file.Path;
import java.util.Optional;

/**
 * One document of a corpus file.
 *
 * @param file where it stands
 * @param number its place in the file, from 1
 * @param label its line of the file's source labels, where the file has them
 * @param text its lines, with a line feed between and none around them
 */
public record Document(Path file, int number, Optional<String> label, String text) {

  /** Where this document stands, for messages. */
  public String place() {
    return "document %d of %s%s".formatted(number, file, label.map(l -> " (" + l + ")").orElse(""));
  }
}
