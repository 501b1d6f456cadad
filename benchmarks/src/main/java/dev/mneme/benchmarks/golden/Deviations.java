package dev.mneme.benchmarks.golden;

import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.DoubleBinaryOperator;

/** The largest deviation met in each group, and where. One thread. */
final class Deviations {

  private static final class Worst {
    private int compared;
    private int different;
    private double deviation;
    private String where = "";
  }

  private final Map<Group, Worst> worst = new EnumMap<>(Group.class);
  private final boolean exact;

  /**
   * @param exact whether the tolerances of 32-bit arithmetic hold; see {@link Group#tolerance}
   */
  Deviations(boolean exact) {
    this.exact = exact;
    for (Group group : Group.values()) {
      worst.put(group, new Worst());
    }
  }

  /** Compares what must be equal. */
  void equal(Group group, Object expected, Object found, String where) {
    add(group, expected.equals(found) ? 0 : 1, where);
  }

  /**
   * Compares a number with its reference in several precisions, of which the farthest counts.
   *
   * @param expected at least one
   */
  void near(Group group, List<Double> expected, double found, String where) {
    DoubleBinaryOperator distance =
        group.kind() == Group.Kind.RELATIVE
            ? (reference, value) -> Math.abs(value / reference - 1)
            : (reference, value) -> Math.abs(value - reference);
    double farthest = 0;
    for (double reference : expected) {
      double deviation = distance.applyAsDouble(reference, found);
      farthest = Double.isNaN(deviation) ? Double.POSITIVE_INFINITY : Math.max(farthest, deviation);
    }
    add(group, farthest, where);
  }

  private void add(Group group, double deviation, String where) {
    Worst entry = Objects.requireNonNull(worst.get(group));
    entry.compared++;
    entry.different += deviation == 0 ? 0 : 1;
    if (deviation > entry.deviation) {
      entry.deviation = deviation;
      entry.where = where;
    }
  }

  /** Whether a group passes its tolerance, or holds nothing that was compared. */
  boolean exceeded() {
    return worst.entrySet().stream().anyMatch(e -> exceeded(e.getKey(), e.getValue()));
  }

  private boolean exceeded(Group group, Worst entry) {
    return entry.compared == 0 || entry.deviation > group.tolerance(exact);
  }

  /** A Markdown table of all groups. */
  String table() {
    var table =
        new StringBuilder("| | compared | largest deviation | tolerance | where |\n")
            .append("|---|---|---|---|---|\n");
    worst.forEach(
        (group, entry) ->
            table.append(
                "| %s | %d | %s | %s | %s |%n"
                    .formatted(
                        group.title(),
                        entry.compared,
                        deviation(group, entry),
                        tolerance(group),
                        exceeded(group, entry) ? "EXCEEDED " + entry.where : entry.where)));
    return table.toString();
  }

  private static String deviation(Group group, Worst entry) {
    if (entry.compared == 0) {
      return "-";
    }
    return switch (group.kind()) {
      case EQUAL -> entry.different == 0 ? "equal" : entry.different + " differ";
      case ABSOLUTE -> String.format(Locale.ROOT, "%.1e", entry.deviation);
      case RELATIVE -> String.format(Locale.ROOT, "%.1e relative", entry.deviation);
    };
  }

  private String tolerance(Group group) {
    double tolerance = group.tolerance(exact);
    if (Double.isInfinite(tolerance)) {
      return "not judged";
    }
    return group.kind() == Group.Kind.EQUAL
        ? "equal"
        : String.format(Locale.ROOT, "%.0e", tolerance);
  }
}
