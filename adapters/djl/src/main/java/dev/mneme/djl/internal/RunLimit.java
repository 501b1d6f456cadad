package dev.mneme.djl.internal;

import com.google.common.base.Ascii;
import com.google.common.collect.ImmutableSet;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How many characters of some kinds may follow each other in a text, so that a regular expression
 * is done with them in time.
 *
 * @param kinds what a run is made of
 * @param longest characters allowed in one run
 */
public record RunLimit(Set<CharKind> kinds, int longest) {

  /** The longest run that any pattern may have to step back over. */
  public static final int MOST = 2_000_000;

  /** Of the pattern that the ByteLevel step brings along. */
  public static final RunLimit WHITE_SPACE = new RunLimit(Set.of(CharKind.WHITE_SPACE), MOST);

  public RunLimit {
    kinds = ImmutableSet.copyOf(kinds);
  }

  /** Where the first run that is too long passes its limit; empty if there is none. */
  OptionalInt exceededAt(String text) {
    if (text.length() <= longest) {
      return OptionalInt.empty();
    }
    int run = 0;
    for (int at = 0; at < text.length(); ) {
      int codePoint = text.codePointAt(at);
      run = kinds.contains(CharKind.of(codePoint)) ? run + 1 : 0;
      if (run > longest) {
        return OptionalInt.of(at);
      }
      at += Character.charCount(codePoint);
    }
    return OptionalInt.empty();
  }

  /** The characters of a run in words. */
  String describe() {
    return kinds.size() == CharKind.values().length
        ? "characters"
        : kinds.stream()
                .sorted()
                .map(kind -> Ascii.toLowerCase(kind.name()).replace('_', '-'))
                .collect(Collectors.joining(" or "))
            + " characters";
  }
}
