package dev.mneme.djl;

import dev.mneme.djl.internal.CharKind;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** A regular expression of Oniguruma as a tree, as far as its cost depends on it. */
sealed interface SplitSyntax {

  /**
   * One character of a set.
   *
   * @param touched kinds of which some characters are in the set
   * @param covered kinds of which all characters are
   */
  record Chars(Set<CharKind> touched, Set<CharKind> covered) implements SplitSyntax {

    static final Chars ALL =
        new Chars(EnumSet.allOf(CharKind.class), EnumSet.allOf(CharKind.class));

    /** Some characters of these kinds. */
    static Chars some(CharKind first, CharKind... others) {
      return new Chars(EnumSet.of(first, others), EnumSet.noneOf(CharKind.class));
    }

    /** All characters of a kind. */
    static Chars all(CharKind kind) {
      return new Chars(EnumSet.of(kind), EnumSet.of(kind));
    }

    Chars or(Chars other) {
      return new Chars(union(touched, other.touched), union(covered, other.covered));
    }

    Chars not() {
      return new Chars(complement(covered), complement(touched));
    }

    private static Set<CharKind> union(Set<CharKind> one, Set<CharKind> two) {
      var all = EnumSet.noneOf(CharKind.class);
      all.addAll(one);
      all.addAll(two);
      return all;
    }

    private static Set<CharKind> complement(Set<CharKind> kinds) {
      var rest = EnumSet.allOf(CharKind.class);
      rest.removeAll(kinds);
      return rest;
    }
  }

  /** One after the other. */
  record Sequence(List<SplitSyntax> parts) implements SplitSyntax {}

  /** The first that fits. */
  record Choice(List<SplitSyntax> alternatives) implements SplitSyntax {}

  /**
   * Several times.
   *
   * @param most {@link #UNBOUNDED} for any number
   * @param keeps whether it never gives back what it took
   */
  record Repeat(SplitSyntax body, int least, int most, boolean keeps) implements SplitSyntax {}

  /** Matches no characters: a look around or an anchor. */
  record Look(SplitSyntax body) implements SplitSyntax {}

  /** As {@link Repeat#most}. */
  int UNBOUNDED = Integer.MAX_VALUE;

  /** Whether there are texts that it does not fit. */
  default boolean canFail() {
    return switch (this) {
      case Chars _ -> true;
      case Look _ -> true;
      case Sequence(List<SplitSyntax> parts) -> parts.stream().anyMatch(SplitSyntax::canFail);
      case Choice(List<SplitSyntax> alternatives) ->
          alternatives.stream().allMatch(SplitSyntax::canFail);
      case Repeat repeat -> repeat.least() > 0 && repeat.body().canFail();
    };
  }
}
