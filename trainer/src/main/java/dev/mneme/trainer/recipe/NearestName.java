package dev.mneme.trainer.recipe;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Guesses what was meant by a name that is not known. */
final class NearestName {

  private NearestName() {}

  /** {@code ; did you mean "x"?} with the nearest known name, or nothing where none is near. */
  static String hint(String name, Collection<String> known) {
    return of(name, known).map(found -> "; did you mean \"" + found + "\"?").orElse("");
  }

  /** The known name that fewest changes of a letter away, if at most a third of them change. */
  static Optional<String> of(String name, Collection<String> known) {
    return known.stream()
        .filter(other -> distance(name, other) <= Math.max(2, other.length() / 3))
        .min(Comparator.comparingInt(other -> distance(name, other)));
  }

  /** Letters to insert, delete or replace (Levenshtein), upper and lower case being the same. */
  private static int distance(String from, String to) {
    String a = from.toLowerCase(Locale.ROOT);
    String b = to.toLowerCase(Locale.ROOT);
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
