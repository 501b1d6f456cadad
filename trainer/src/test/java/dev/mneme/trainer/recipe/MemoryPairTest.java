package dev.mneme.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mneme.trainer.recipe.MemoryPair.Weights;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MemoryPairTest {

  private static final DataFile VALID = new DataFile("valid.txt");
  private static final DataFile TEST = new DataFile("test.txt");
  private static final ComparisonRecipe.Domain DOMAIN =
      new ComparisonRecipe.Domain(
          "words",
          VALID,
          TEST,
          List.of(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());

  private static float[] logs(double... probabilities) {
    float[] logs = new float[probabilities.length];
    for (int i = 0; i < logs.length; i++) {
      logs[i] = (float) Math.log(probabilities[i]);
    }
    return logs;
  }

  private static Contender contender(Rival rival, float[] valid, float[] test) {
    return new Contender(
        rival.label(),
        rival.key(),
        DOMAIN,
        Optional.empty(),
        true,
        Map.of(VALID, valid, TEST, test));
  }

  @Test
  void perplexityIsThatOfTheThreeMixedProbabilities() {
    double found =
        MemoryPair.perplexity(
            logs(0.5, 0.1), logs(0.1, 0.7), logs(0.2, 0.4), new Weights(0.25, 0.5));
    double expected =
        Math.pow(
            (0.25 * 0.5 + 0.25 * 0.1 + 0.5 * 0.2) * (0.25 * 0.1 + 0.25 * 0.7 + 0.5 * 0.4), -0.5);
    assertThat(found).isCloseTo(expected, within(1e-6));
  }

  @Test
  void bothWeightsAreChosenOnValidationTextAlone() {
    // Of 10 tokens the host alone has 5, the decoder 3 and the MLP Memory 2.
    float[] host = logs(1, 1, 1, 1, 1, 0, 0, 0, 0, 0);
    Contender decoder = contender(Rival.MEMORY, logs(0, 0, 0, 0, 0, 1, 1, 1, 0, 0), logs(0.1, 0.1));
    Contender mlp = contender(Rival.MLP_MEMORY, logs(0, 0, 0, 0, 0, 0, 0, 0, 1, 1), logs(0.9, 0.9));
    List<MemoryPair> pairs = MemoryPair.of(List.of(decoder, mlp));
    assertThat(pairs).hasSize(1);
    MemoryPair.Figures found = pairs.getFirst().figures(Map.of(VALID, host, TEST, logs(0.5, 0.5)));
    assertThat(found.weights()).isEqualTo(new Weights(0.3, 0.2));
    assertThat(found.perplexity().get(TEST))
        .isCloseTo(1 / (0.5 * 0.5 + 0.3 * 0.1 + 0.2 * 0.9), within(1e-6));
  }

  @Test
  void theGridReachesFromNeitherMemoryToOneAlone() {
    assertThat(MemoryPair.weights())
        .hasSize(231)
        .contains(new Weights(0, 0), new Weights(1, 0), new Weights(0, 1), new Weights(0.65, 0.35))
        .allMatch(weights -> weights.decoder() + weights.mlp() <= 1 + 1e-12);
  }

  @Test
  void aDomainWithoutOneOfTheMemoriesHasNoPair() {
    assertThat(MemoryPair.of(List.of(contender(Rival.MLP_MEMORY, logs(1), logs(1))))).isEmpty();
  }

  @Test
  void scoresOfDifferentTextsAreRefused() {
    assertThatThrownBy(() -> MemoryPair.perplexity(logs(1), logs(1), logs(1, 1), new Weights(0, 0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the host scored 1 tokens, the memories 1 and 2");
  }
}
