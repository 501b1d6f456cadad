package dev.mneme.benchmarks.golden;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class DeviationsTest {

  @Test
  void passesWhenEveryGroupIsWithinItsTolerance() {
    assertThat(matching(true).exceeded()).isFalse();
  }

  @Test
  void failsWhenAGroupHasComparedNothing() {
    assertThat(new Deviations(true).exceeded()).isTrue();
  }

  @Test
  void namesTheFigureThatIsFarthestOff() {
    Deviations deviations = matching(true);
    deviations.near(Group.LOGITS, List.of(2.0), 2.0002, "here");
    deviations.near(Group.LOGITS, List.of(2.0), 2.0001, "there");
    assertThat(deviations.exceeded()).isTrue();
    assertThat(deviations.table()).contains("2.0e-04", "EXCEEDED here").doesNotContain("there");
  }

  @Test
  void measuresPerplexityInPartsOfTheReference() {
    Deviations deviations = matching(true);
    deviations.near(Group.MIXTURE, List.of(100.0), 100.0005, "near");
    assertThat(deviations.exceeded()).isFalse();
    deviations.near(Group.MIXTURE, List.of(10.0), 10.0005, "far");
    assertThat(deviations.exceeded()).isTrue();
  }

  @Test
  void countsTheReferenceThatIsFarthest() {
    Deviations deviations = matching(true);
    deviations.near(Group.MIXED, List.of(-1.0, -1.001), -1.0, "one of two");
    assertThat(deviations.exceeded()).isTrue();
  }

  @Test
  void takesNanForADeviation() {
    Deviations deviations = matching(true);
    deviations.near(Group.SINGLE, List.of(1.0), Double.NaN, "nan");
    deviations.near(Group.SINGLE, List.of(1.0), 1.0, "fine");
    assertThat(deviations.exceeded()).isTrue();
  }

  @Test
  void failsWhenSomethingThatMustBeEqualIsNot() {
    Deviations deviations = matching(true);
    deviations.equal(Group.GREEDY, List.of(1, 2), List.of(1, 3), "law");
    assertThat(deviations.exceeded()).isTrue();
    assertThat(deviations.table()).contains("1 differ");
  }

  @Test
  void allowsATenthOfAPercentOfPerplexityInReducedPrecision() {
    Deviations deviations = matching(false);
    deviations.near(Group.MIXTURE, List.of(10.0), 10.009, "within");
    deviations.near(Group.LOGITS, List.of(1.0), 1.1, "not judged");
    assertThat(deviations.exceeded()).isFalse();
    deviations.near(Group.MIXTURE, List.of(10.0), 10.011, "beyond");
    assertThat(deviations.exceeded()).isTrue();
  }

  private static Deviations matching(boolean exact) {
    var deviations = new Deviations(exact);
    for (Group group : Group.values()) {
      deviations.near(group, List.of(1.0), 1.0, "");
    }
    return deviations;
  }
}
