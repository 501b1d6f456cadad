package dev.mneme.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mneme.djl.ActivationBatch;
import dev.mneme.djl.DecoderNetwork;
import dev.mneme.djl.LlamaShape;
import dev.mneme.djl.MlpNetwork;
import dev.mneme.store.hf.MlpShape;
import dev.mneme.store.safetensors.Dtype;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ActivationDataTest {

  private static final LlamaShape TEACHER =
      new LlamaShape(SmallTokens.VOCABULARY, 16, 2, 2, 1, 24, 32, 10_000, 1e-5);
  private static final MlpShape MEMORY =
      new MlpShape(MlpShape.Style.MISTRAL, 16, 16, 24, 1, SmallTokens.VOCABULARY, 1e-5, false);

  @TempDir Path directory;

  private static double mean(MlpNetwork network, ActivationBatch batch) {
    double sum = 0;
    for (float loss : network.losses(batch)) {
      sum += loss / batch.tokens();
    }
    return sum;
  }

  /**
   * One document, read whole by the teacher: a pass over the datastore must give the losses that
   * the teacher's own activations give, up to their half precision.
   */
  @Test
  void aPassOverTheDatastoreHoldsEveryPositionWithItsActivationAndNextToken() {
    try (TokenFile tokens = SmallTokens.write(directory.resolve("tokens"), 1, 31, 1);
        DecoderNetwork teacher = DecoderNetwork.random(TEACHER, 2, false);
        MlpNetwork network = MlpNetwork.random(MEMORY, 3, false)) {
      teacher.save(directory.resolve("teacher"), Dtype.F32, 0);
      int positions = (int) tokens.size() - 1;
      var stage =
          new BuildDatastore(
              tokens, directory.resolve("teacher"), directory.resolve("keys"), 32, 32, 1);
      try (Datastore keys = stage.run(false, (done, all) -> {})) {
        var offline = new ActivationData(tokens, keys, Optional.empty(), 0, positions, 5);
        var online =
            new OnlineActivationData(new LanguageModelData(tokens, positions, 1, 5), teacher);
        double expected = mean(network, online.batch(0));
        assertThat(mean(network, offline.batch(0))).isCloseTo(expected, within(1e-3));
        assertThat(mean(network, offline.batch(1))).isCloseTo(expected, within(1e-3));
        assertThat(network.losses(offline.batch(0)))
            .containsExactly(network.losses(offline.batch(0)))
            .isNotEqualTo(network.losses(offline.batch(1))); // each pass in another order
        assertThat(offline.digest()).isNotEqualTo(online.digest());
        assertThatThrownBy(
                () -> new ActivationData(tokens, keys, Optional.empty(), 0, positions + 1, 5))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("too few for one batch");
      }
    }
  }
}
