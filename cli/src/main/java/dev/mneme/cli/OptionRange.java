package dev.mneme.cli;

import java.util.List;
import java.util.Locale;

/** Checks of numbers that a user gave, in the words the user knows: the option's name. */
final class OptionRange {

  private OptionRange() {}

  /**
   * Throws unless a value is large enough.
   *
   * @param hint what special values mean; may be empty
   * @throws IllegalArgumentException with the option, the range and the value
   */
  static void atLeast(String option, long value, long least, String hint) {
    check(value >= least, option, least + " or more", (double) value, hint);
  }

  /** As {@link #atLeast}, for a range with both ends in it. */
  static void within(String option, double value, double least, double most, String hint) {
    String range = "in [%s, %s]".formatted(shown(least), shown(most));
    check(value >= least && value <= most, option, range, value, hint);
  }

  /** As {@link #within}, without the lower end. */
  static void above(String option, double value, double least, double most, String hint) {
    String range = "above %s and at most %s".formatted(shown(least), shown(most));
    check(value > least && value <= most, option, range, value, hint);
  }

  /** Throws if an option that takes texts was given an empty one. */
  static void noneEmpty(String option, List<String> values) {
    if (values.contains("")) {
      throw new IllegalArgumentException(option + " needs a text, but an empty one was given");
    }
  }

  private static void check(boolean right, String option, String range, double value, String hint) {
    if (!right) {
      String meaning = hint.isEmpty() ? "" : "; " + hint;
      throw new IllegalArgumentException(
          "%s must be %s, but is %s%s".formatted(option, range, shown(value), meaning));
    }
  }

  private static String shown(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? String.format(Locale.ROOT, "%.0f", value)
        : Double.toString(value);
  }
}
