package dev.mneme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.testing.ActivationMemory;
import dev.mneme.testing.BigramModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Values that are kept after the call they were valid in. */
class StaleValueTest {

  private static final int[] IDS = {0, 5, 9, 3};

  @Test
  void aDistributionThatAPolicyKeptRefusesToBeRead() {
    var kept = new ArrayList<Distribution>();
    try (var model = MemoryAugmentedModel.over(new BigramModel("host", 1))) {
      model.attach(
          new BigramModel("law", 2),
          (host, memory) -> {
            kept.forEach(StaleValueTest::refused); // of the steps before
            kept.add(host);
            kept.add(memory);
            assertThat(host.logProbability(3)).isNegative();
            return 0.5;
          });
      model.generate(GenerationRequest.ofIds(IDS).withMaxTokens(3).withStopAtEnd(false));
      model.score(IDS);
    }
    assertThat(kept).hasSize(2 * (3 + 3));
    kept.forEach(StaleValueTest::refused);
    CompletableFuture.runAsync(() -> kept.forEach(StaleValueTest::refused)).join();
  }

  private static void refused(Distribution distribution) {
    assertThatThrownBy(() -> distribution.logProbability(3))
        .isInstanceOf(StaleValueException.class);
    assertThatThrownBy(distribution::width).isInstanceOf(StaleValueException.class);
  }

  @Test
  void aDistributionKnowsNoNegativeIdsAndGivesNothingPastItsWidth() {
    try (var model = MemoryAugmentedModel.over(new BigramModel("host", 1))) {
      model.attach(
          new BigramModel("law", 2),
          (host, memory) -> {
            assertThatThrownBy(() -> host.logProbability(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-1");
            assertThat(host.logProbability(20)).isEqualTo(Double.NEGATIVE_INFINITY);
            assertThat(host.logProbability(Integer.MAX_VALUE)).isEqualTo(Double.NEGATIVE_INFINITY);
            return 0.5;
          });
      model.generate(GenerationRequest.ofIds(IDS).withMaxTokens(1));
    }
  }

  private interface Step {
    void on(HostSession session);
  }

  @Test
  void rowsAreValidUntilTheirSessionGoesOn() {
    List<Step> steps =
        List.of(
            session -> session.forward(new int[] {4}, Rows.LAST),
            session -> session.truncate(2),
            HostSession::close);
    Tap tap = new Tap(1, Tap.Point.BLOCK_OUTPUT);
    for (Step step : steps) {
      try (var host = new BigramModel("host", 1);
          HostSession session = host.openSession(1, Set.of(tap))) {
        for (FloatRows rows : List.of(session.forward(IDS, Rows.ALL), session.activations(tap))) {
          assertThat(rows.get(3, 1)).isNotNaN();
        }
        FloatRows logits = session.forward(new int[] {7}, Rows.LAST);
        FloatRows activations = session.activations(tap);
        assertThat(logits.get(0, 7) + activations.get(0, 1)).isNotNaN();
        step.on(session);
        refused(logits);
        refused(activations);
      }
    }
  }

  private static void refused(FloatRows rows) {
    assertThatThrownBy(() -> rows.get(0, 1)).isInstanceOf(StaleValueException.class);
    assertThatThrownBy(() -> rows.row(0)).isInstanceOf(StaleValueException.class);
    assertThatThrownBy(rows::segment)
        .isInstanceOf(StaleValueException.class)
        .hasMessageContaining("host");
  }

  @Test
  void aCallThatIsRefusedLeavesTheRowsValid() {
    try (var host = new BigramModel("host", 1);
        HostSession session = host.openSession(1)) {
      FloatRows rows = session.forward(IDS, Rows.LAST);
      float before = rows.get(0, 7);
      assertThatThrownBy(() -> session.forward(new int[] {-1}, Rows.LAST))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> session.truncate(99)).isInstanceOf(IllegalArgumentException.class);
      assertThat(rows.get(0, 7)).isEqualTo(before);
      assertThatThrownBy(() -> rows.get(0, -1)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> rows.get(1, 0)).isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void activationsThatAMemoryKeptRefuseToBeRead() {
    var host = new BigramModel("host", 1);
    var kept = new ArrayList<FloatRows>();
    try (var model = MemoryAugmentedModel.over(host)) {
      model.attach(
          new ActivationMemory("mlp", host, Tap.lastFeedForwardInput(), 2) {
            @Override
            protected void shown(FloatRows activations) {
              kept.add(activations);
            }
          },
          LambdaPolicy.fixed(0.5));
      model.generate(GenerationRequest.ofIds(IDS).withMaxTokens(3).withStopAtEnd(false));
    }
    assertThat(kept).hasSizeGreaterThanOrEqualTo(3);
    for (FloatRows rows : kept) {
      assertThatThrownBy(() -> rows.get(0, 0)).isInstanceOf(StaleValueException.class);
    }
  }
}
