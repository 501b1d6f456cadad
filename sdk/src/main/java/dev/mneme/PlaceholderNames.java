package dev.mneme;

import com.google.common.base.Splitter;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which entries of a vocabulary are only kept free, by their names: {@code [PAD151646]}, {@code
 * <unused7>}, {@code <|reserved_special_token_3|>}, {@code <SPECIAL_20>}.
 *
 * <p>A name is a placeholder if all its words say that nothing is here yet. A number alone does not
 * make one, so {@code <loc0012>} is a name; neither does a word about the use of the entry, so
 * {@code <|image_pad|>} is a name too.
 */
final class PlaceholderNames {

  /** Words that say that an entry is free. */
  private static final Set<String> FREE =
      Set.of(
          "pad",
          "padding",
          "unused",
          "reserved",
          "reserve",
          "placeholder",
          "dummy",
          "unassigned",
          "spare",
          "filler");

  /** Words that say only that it is a special entry: a placeholder if no more than numbered. */
  private static final Set<String> NUMBERED = Set.of("special", "extra", "control", "ctrl");

  /** Words that say nothing about the use of an entry. */
  private static final Set<String> FILLING =
      Set.of("token", "tokens", "tok", "id", "no", "num", "number", "slot", "added");

  private static final Splitter WORDS =
      Splitter.on(Pattern.compile("[^\\p{L}]+")).omitEmptyStrings();
  private static final Pattern BRACKETED =
      Pattern.compile("[^\\p{L}\\p{N}\\s].*[^\\p{L}\\p{N}\\s]");

  private PlaceholderNames() {}

  /** Whether the name of a mark, or of any entry added to a vocabulary, is a placeholder. */
  static boolean isMark(String name) {
    boolean numbered = hasNumber(name);
    boolean free = false;
    for (String word : WORDS.split(joined(name))) {
      if (FREE.contains(word) || (numbered && NUMBERED.contains(word))) {
        free = true;
      } else if (!FILLING.contains(word) && !NUMBERED.contains(word)) {
        return false;
      }
    }
    return free;
  }

  /**
   * Whether an ordinary entry is a placeholder: those are words of a language too ("unused"), so it
   * must also be bracketed and numbered.
   */
  static boolean isOrdinary(String text) {
    return hasNumber(text) && BRACKETED.matcher(text).matches() && isMark(text);
  }

  private static boolean hasNumber(String name) {
    return name.chars().anyMatch(Character::isDigit);
  }

  /** DeepSeek writes "place holder" in two words. */
  private static String joined(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("place[^\\p{L}\\p{N}]holder", "placeholder");
  }
}
