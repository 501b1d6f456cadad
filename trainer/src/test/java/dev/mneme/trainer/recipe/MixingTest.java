package dev.mneme.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class MixingTest {

  private static float[] logs(double... probabilities) {
    float[] logs = new float[probabilities.length];
    for (int i = 0; i < logs.length; i++) {
      logs[i] = (float) Math.log(probabilities[i]);
    }
    return logs;
  }

  @Test
  void perplexityIsThatOfTheMixedProbabilities() {
    var mixing = new Mixing(logs(0.5, 0.1), logs(0.1, 0.7));
    double expected = Math.pow((0.75 * 0.5 + 0.25 * 0.1) * (0.75 * 0.1 + 0.25 * 0.7), -0.5);
    assertThat(mixing.perplexity(0.25)).isCloseTo(expected, within(1e-6));
    assertThat(mixing.perplexity(0)).isCloseTo(Mixing.perplexity(logs(0.5, 0.1)), within(1e-6));
  }

  @Test
  void aTokenThatTheMemoryThinksImpossibleStillHasTheHostsShare() {
    var mixing = new Mixing(logs(0.5, 0.5), logs(1, 0));
    assertThat(mixing.perplexity(0.5)).isCloseTo(Math.pow(0.75 * 0.25, -0.5), within(1e-6));
    assertThat(mixing.perplexity(1)).isInfinite();
  }

  @Test
  void theBestWeightIsTheGridsNearestToTheMinimum() {
    // 3 of 10 tokens are the memory's alone: the likelihood is greatest at a weight of 0.3.
    float[] host = logs(1, 1, 1, 1, 1, 1, 1, 0, 0, 0);
    float[] memory = logs(0, 0, 0, 0, 0, 0, 0, 1, 1, 1);
    assertThat(new Mixing(host, memory).best()).isEqualTo(0.3);
    assertThat(new Mixing(host, host).best()).isEqualTo(0.05);
    assertThat(Mixing.weights()).hasSize(19).startsWith(0.05).endsWith(0.95);
  }

  @Test
  void scoresOfDifferentTextsAreRefused() {
    assertThatThrownBy(() -> new Mixing(logs(0.5), logs(0.5, 0.5)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the host scored 1 tokens, the memory 2");
  }
}
