package dev.mneme.djl;

import dev.mneme.djl.SplitSyntax.Chars;
import dev.mneme.djl.SplitSyntax.Choice;
import dev.mneme.djl.SplitSyntax.Look;
import dev.mneme.djl.SplitSyntax.Repeat;
import dev.mneme.djl.SplitSyntax.Sequence;
import dev.mneme.djl.internal.CharKind;
import dev.mneme.djl.internal.RunLimit;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;

/**
 * How many steps back a regular expression can take in one match. The tokenizers library gives up
 * after ten million, and ends the JVM when it does.
 *
 * <p>An expression passes if that number grows no faster than the runs of characters it repeats
 * over: a repetition can be stepped back over only if something after it can fail, so {@code
 * \s*[\r\n]+} steps back over white space once, and {@code (a*)*b} as often as there are ways to
 * cut a run of {@code a}. Where two such repetitions follow each other, or one lies in another, the
 * expression does not pass. What passes gets a limit for each kind of run; it is lower where no
 * other alternative takes the whole run after the first has failed on it, for then the library
 * tries again from each character of it.
 */
final class SplitCost {

  /** Steps back in one match, well below what the library allows. */
  private static final int STEPS = 4_000_000;

  /** The longest run that is tried again from each of its characters. */
  private static final int TRIED_AGAIN = 20_000;

  private static final int MOST_WAYS = 1_000;

  private final SequencedSet<RunLimit> limits = new LinkedHashSet<>();

  private SplitCost() {}

  /** What a text must keep to for this expression; empty if the expression does not pass. */
  static Optional<List<RunLimit>> limits(String regex) {
    return SplitParser.parse(regex).flatMap(SplitCost::limitsOf);
  }

  private static Optional<List<RunLimit>> limitsOf(SplitSyntax syntax) {
    List<SplitSyntax> alternatives =
        syntax instanceof Choice(List<SplitSyntax> all) ? all : List.of(syntax);
    var costs = new ArrayList<Ways>();
    try {
      alternatives.forEach(alternative -> costs.add(ways(alternative, /* laterFails= */ false)));
    } catch (TooManyWaysException e) {
      return Optional.empty();
    }
    var cost = new SplitCost();
    for (Ways one : costs) {
      if (!one.runs().isEmpty()) {
        cost.add(one.runs(), costs, alternatives);
      }
    }
    return Optional.of(List.copyOf(cost.limits));
  }

  private void add(Set<CharKind> kinds, List<Ways> costs, List<SplitSyntax> alternatives) {
    int factor =
        costs.stream()
            .filter(other -> other.runs().stream().anyMatch(kinds::contains))
            .mapToInt(Ways::count)
            .sum();
    boolean takenWhole = alternatives.stream().anyMatch(other -> takesWhole(other, kinds));
    int most = takenWhole ? RunLimit.MOST : TRIED_AGAIN;
    limits.add(new RunLimit(kinds, Math.max(1, Math.min(most, STEPS / factor))));
  }

  /** Whether an alternative fits at every character of a run and takes the rest of it. */
  private static boolean takesWhole(SplitSyntax alternative, Set<CharKind> kinds) {
    if (!(alternative instanceof Sequence(List<SplitSyntax> parts))) {
      return false;
    }
    for (int i = 0; i < parts.size(); i++) {
      boolean restFits =
          parts.subList(i + 1, parts.size()).stream().noneMatch(SplitSyntax::canFail);
      if (restFits
          && parts.get(i) instanceof Repeat(Chars body, int _, int most, boolean _)
          && most == SplitSyntax.UNBOUNDED
          && body.touched().containsAll(kinds)) {
        return true;
      }
      if (parts.get(i).canFail()) {
        return false;
      }
    }
    return false;
  }

  /**
   * In how many ways something can match from one place.
   *
   * @param count for each character of the runs, or in all if there are none
   * @param runs of what kinds the run is that is stepped back over; none if the number is bounded
   */
  private record Ways(int count, Set<CharKind> runs) {

    static final Ways ONE = new Ways(1, Set.of());

    static Ways of(long count, Set<CharKind> runs) {
      if (count > MOST_WAYS) {
        throw new TooManyWaysException();
      }
      return new Ways((int) count, runs);
    }

    /** One after the other. */
    Ways times(Ways other) {
      if (!runs.isEmpty() && !other.runs.isEmpty()) {
        throw new TooManyWaysException();
      }
      return of((long) count * other.count, runs.isEmpty() ? other.runs : runs);
    }

    /** The one or the other; a bounded number of ways is nothing beside a run. */
    Ways plus(Ways other) {
      if (runs.isEmpty() != other.runs.isEmpty()) {
        return runs.isEmpty() ? other : this;
      }
      var all = EnumSet.noneOf(CharKind.class);
      all.addAll(runs);
      all.addAll(other.runs);
      return of((long) count + other.count, all);
    }
  }

  private static final class TooManyWaysException extends RuntimeException {
    private static final long serialVersionUID = 1;

    TooManyWaysException() {
      super(null, null, false, false);
    }
  }

  /**
   * @param laterFails whether something after it can fail, so that its other ways are tried
   */
  private static Ways ways(SplitSyntax syntax, boolean laterFails) {
    return switch (syntax) {
      case Chars _ -> Ways.ONE;
      case Look(SplitSyntax body) -> ways(body, /* laterFails= */ false);
      case Choice(List<SplitSyntax> alternatives) ->
          alternatives.stream()
              .map(alternative -> ways(alternative, laterFails))
              .reduce(Ways::plus)
              .orElse(Ways.ONE);
      case Sequence(List<SplitSyntax> parts) -> ofSequence(parts, laterFails);
      case Repeat repeat -> ofRepeat(repeat, laterFails);
    };
  }

  private static Ways ofSequence(List<SplitSyntax> parts, boolean laterFails) {
    Ways all = Ways.ONE;
    Ways end = Ways.ONE; // what comes last and cannot fail is tried once
    boolean fails = laterFails;
    for (SplitSyntax part : parts.reversed()) {
      Ways ofPart = ways(part, fails);
      if (fails || part.canFail()) {
        all = all.times(ofPart);
        fails = true;
      } else {
        end = end.plus(ofPart);
      }
    }
    return end.equals(Ways.ONE) ? all : all.plus(end);
  }

  private static Ways ofRepeat(Repeat repeat, boolean laterFails) {
    boolean unbounded = repeat.most() == SplitSyntax.UNBOUNDED;
    boolean back = laterFails && !repeat.keeps();
    if (repeat.body() instanceof Chars(Set<CharKind> touched, Set<CharKind> _)) {
      if (!back) {
        return Ways.ONE;
      }
      return unbounded
          ? new Ways(1, touched)
          : Ways.of((long) repeat.most() - repeat.least() + 1, Set.of());
    }
    boolean nextFails = back || (repeat.least() > 1 && repeat.body().canFail());
    Ways each = ways(repeat.body(), nextFails);
    if (repeat.most() <= 1) {
      return back && repeat.least() == 0 ? each.plus(Ways.ONE) : each;
    }
    if (!each.runs().isEmpty() || (back && each.count() > 1)) {
      throw new TooManyWaysException();
    }
    if (unbounded) {
      return Ways.of(each.count() + 1L, EnumSet.allOf(CharKind.class));
    }
    return Ways.of((long) repeat.most() * each.count() + 1, Set.of());
  }
}
