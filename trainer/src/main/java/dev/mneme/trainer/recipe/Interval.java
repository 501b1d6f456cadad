package dev.mneme.trainer.recipe;

import com.google.common.base.Preconditions;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Numbers from a lowest to a highest one: {@code [1, 10]} with both ends, {@code (0, 1)} without.
 *
 * @param text how it is written
 */
record Interval(String text, double low, boolean withLow, double high, boolean withHigh) {

  private static final Pattern FORM =
      Pattern.compile("([\\[(])\\s*([-+.0-9eE]+)\\s*,\\s*([-+.0-9eE]+)\\s*([\\])])");

  /** The interval of a text such as {@code (0, 1]}. */
  static Interval of(String text) {
    Matcher matcher = FORM.matcher(text);
    Preconditions.checkArgument(matcher.matches(), "not an interval: %s", text);
    return new Interval(
        text,
        Double.parseDouble(matcher.group(2)),
        matcher.group(1).equals("["),
        Double.parseDouble(matcher.group(3)),
        matcher.group(4).equals("]"));
  }

  boolean contains(double value) {
    return (withLow ? value >= low : value > low) && (withHigh ? value <= high : value < high);
  }
}
