package dev.mneme.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mneme.MnemeException;
import dev.mneme.djl.Batch;
import dev.mneme.djl.DecoderNetwork;
import dev.mneme.djl.LlamaShape;
import dev.mneme.djl.NetworkTraining;
import dev.mneme.store.safetensors.SafeTensorsFile;
import dev.mneme.trainer.LearningRate.Decay;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TrainingTest {

  private static final LlamaShape SHAPE =
      new LlamaShape(SmallTokens.VOCABULARY, 16, 1, 2, 1, 24, 32, 10_000, 1e-5);

  private static final NetworkSource<DecoderNetwork> RANDOM = new RandomDecoder(false);

  /** Begins with random weights, unless it must go on with a checkpoint. */
  private record RandomDecoder(boolean begun) implements NetworkSource<DecoderNetwork> {
    @Override
    public DecoderNetwork begin() {
      if (begun) {
        throw new AssertionError("it began anew");
      }
      return DecoderNetwork.random(SHAPE, 3, false);
    }

    @Override
    public DecoderNetwork read(SafeTensorsFile checkpoint) {
      return DecoderNetwork.of(SHAPE, checkpoint, false);
    }

    @Override
    public String shape() {
      return SHAPE.toString();
    }
  }

  @TempDir Path directory;

  private Training training(double peak, Duration checkpointEvery) {
    return new Training(
        new LearningRate(peak, 5, 40, Decay.COSINE, 0.1),
        NetworkTraining.Settings.DEFAULT,
        directory.resolve("checkpoint"),
        checkpointEvery,
        10,
        1);
  }

  private static double mean(DecoderNetwork network, Batch batch) {
    double sum = 0;
    for (float loss : network.losses(batch)) {
      sum += loss;
    }
    return sum / batch.tokens();
  }

  @Test
  void theLossFallsAndTheCurveTellsHow() {
    try (TokenFile tokens = SmallTokens.write(directory.resolve("tokens"), 20, 100, 1)) {
      var data = new LanguageModelData(tokens, 24, 4, 2);
      Training.Trained<DecoderNetwork> trained =
          training(0.02, Duration.ofHours(1))
              .run(
                  RANDOM,
                  data,
                  network -> mean(network, data.batch(1_000)),
                  (step, steps, count, result) -> {});
      try (DecoderNetwork network = trained.network()) {
        var points = trained.curve().points();
        assertThat(points)
            .extracting(TrainingCurve.Point::step)
            .containsExactly(10L, 20L, 30L, 40L);
        assertThat(points.getLast().tokens()).isEqualTo(40 * 4 * 24);
        assertThat(points.getLast().loss()).isLessThan(points.getFirst().loss() - 0.3);
        assertThat(points.getLast().validation())
            .isCloseTo(mean(network, data.batch(1_000)), within(1e-9));
      }
    }
  }

  @Test
  void aTrainingThatWasKilledGoesOnToTheSameWeights() {
    try (TokenFile tokens = SmallTokens.write(directory.resolve("tokens"), 20, 100, 1)) {
      var data = new LanguageModelData(tokens, 24, 4, 2);
      Batch held = data.batch(999);
      double whole;
      Training undisturbed = training(0.01, Duration.ofHours(1));
      try (DecoderNetwork network =
          undisturbed.run(RANDOM, data, n -> 0, (s, a, t, r) -> {}).network()) {
        whole = mean(network, held);
      }
      directory.resolve("checkpoint").toFile().delete();
      Training killed = training(0.01, Duration.ZERO);
      assertThatThrownBy(
              () ->
                  killed.run(
                      RANDOM,
                      data,
                      n -> 0,
                      (step, all, count, result) -> {
                        if (step == 17) {
                          throw new IllegalStateException("killed");
                        }
                      }))
          .hasMessage("killed");
      try (DecoderNetwork network =
          killed.run(new RandomDecoder(true), data, n -> 0, (s, a, t, r) -> {}).network()) {
        assertThat(mean(network, held)).isCloseTo(whole, within(1e-6));
      }
    }
  }

  @Test
  void aCheckpointOfAnotherTrainingIsRefusedAndKept() {
    try (TokenFile tokens = SmallTokens.write(directory.resolve("tokens"), 20, 100, 1)) {
      var data = new LanguageModelData(tokens, 24, 4, 2);
      training(0.01, Duration.ofHours(1))
          .run(RANDOM, data, n -> 0, (s, a, t, r) -> {})
          .network()
          .close();
      Training other = training(0.005, Duration.ofHours(1));
      assertThatThrownBy(() -> other.run(RANDOM, data, n -> 0, (s, a, t, r) -> {}))
          .isInstanceOf(MnemeException.class)
          .hasMessageContaining("checkpoint of another training")
          .hasMessageContaining("delete it");
      assertThat(directory.resolve("checkpoint")).exists();
    }
  }

  @Test
  void aLossThatLeavesTheFiniteNumbersKeepsTheLastCheckpoint() {
    try (TokenFile tokens = SmallTokens.write(directory.resolve("tokens"), 20, 100, 1)) {
      var good = new LanguageModelData(tokens, 24, 4, 2);
      TrainingData<Batch> bad =
          new TrainingData<>() {
            @Override
            public Batch batch(long step) {
              if (step < 12) {
                return good.batch(step);
              }
              return new Batch(
                  1, 2, 1, new long[] {1, 2}, new long[] {2, 3}, new float[] {Float.NaN, 1});
            }

            @Override
            public String digest() {
              return "bad";
            }
          };
      Training training = training(0.01, Duration.ZERO);
      assertThatThrownBy(() -> training.run(RANDOM, bad, n -> 0, (s, a, t, r) -> {}))
          .isInstanceOf(MnemeException.class)
          .hasMessageContaining("finite");
      try (var checkpoint = SafeTensorsFile.open(directory.resolve("checkpoint"))) {
        assertThat(checkpoint.metadata()).containsEntry("step", "12");
      }
    }
  }
}
