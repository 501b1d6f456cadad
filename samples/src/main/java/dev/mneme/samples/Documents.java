package dev.mneme.samples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Texts of one kind, most to learn from and some to measure on.
 *
 * @param learned seven of eight
 * @param heldOut the others
 */
record Documents(List<String> learned, List<String> heldOut) {

  private static final int PARTS = 8;

  /** Splits evenly. */
  static Documents of(List<String> all) {
    return new Documents(part(all, false), part(all, true));
  }

  private static List<String> part(List<String> all, boolean heldOut) {
    return IntStream.range(0, all.size())
        .filter(i -> (i % PARTS == PARTS - 1) == heldOut)
        .mapToObj(all::get)
        .toList();
  }

  /** The {@code .txt} files of a folder; empty lines separate documents. */
  static Documents in(Path folder) throws IOException {
    var all = new ArrayList<String>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".txt")).sorted().toList()) {
        all.addAll(List.of(Files.readString(file).strip().split("\\R\\s*\\R")));
      }
    }
    if (all.size() < PARTS) {
      throw new IllegalArgumentException(
          "%s has %d documents in .txt files, separated by empty lines; at least %d are needed"
              .formatted(folder, all.size(), PARTS));
    }
    return of(all);
  }
}
