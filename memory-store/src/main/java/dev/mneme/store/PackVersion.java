package dev.mneme.store;

import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which of the packs of one name came later: three numbers, the first weighs most. Nothing more is
 * meant by them.
 */
public record PackVersion(int major, int minor, int patch) implements Comparable<PackVersion> {

  /** What a pack that names no version has. */
  public static final PackVersion FIRST = new PackVersion(1, 0, 0);

  private static final Pattern TEXT =
      Pattern.compile("(0|[1-9]\\d{0,5})\\.(0|[1-9]\\d{0,5})\\.(0|[1-9]\\d{0,5})");

  private static final Comparator<PackVersion> ORDER =
      Comparator.comparingInt(PackVersion::major)
          .thenComparingInt(PackVersion::minor)
          .thenComparingInt(PackVersion::patch);

  /** The version that a text as {@code 1.4.0} means; empty if it is none. */
  public static Optional<PackVersion> parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    return matcher.matches()
        ? Optional.of(
            new PackVersion(
                Integer.parseInt(matcher.group(1)),
                Integer.parseInt(matcher.group(2)),
                Integer.parseInt(matcher.group(3))))
        : Optional.empty();
  }

  @Override
  public int compareTo(PackVersion other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return major + "." + minor + "." + patch;
  }
}
