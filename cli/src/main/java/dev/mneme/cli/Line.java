package dev.mneme.cli;

import dev.mneme.PrintableText;
import dev.mneme.store.PackManifest;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/**
 * Prints lines that hold values of others, such as the fields of a pack: each value stays within
 * its line and cannot control the terminal.
 */
final class Line {

  private static final int LONGEST_VALUE = 300;
  private static final int MOST_FILES = 20;

  private Line() {}

  /**
   * Prints as {@link PrintWriter#printf(Locale, String, Object...)} does, in the root locale.
   *
   * @param values numbers stay as they are; everything else is escaped and shortened
   */
  static void print(PrintWriter out, String format, Object... values) {
    Object[] safe = new Object[values.length];
    for (int i = 0; i < values.length; i++) {
      safe[i] =
          values[i] instanceof Number
              ? values[i]
              : PrintableText.of(String.valueOf(values[i]), LONGEST_VALUE);
    }
    out.printf(Locale.ROOT, format, safe);
  }

  /** Prints the first files of a pack, one a line, and how many more there are. */
  static void files(PrintWriter out, List<PackManifest.Entry> files) {
    files.stream()
        .limit(MOST_FILES)
        .forEach(file -> print(out, "%12d  %s  %s%n", file.bytes(), file.sha256(), file.name()));
    if (files.size() > MOST_FILES) {
      print(out, "and %d more files; pack.json lists them all%n", files.size() - MOST_FILES);
    }
  }
}
