package dev.mneme.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.FloatRows;
import dev.mneme.Rows;
import dev.mneme.store.hf.Activation;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.ReferenceDecoder;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Networks that fields of {@code config.json} change, against double arithmetic. */
class NetworkVariantsTest {

  private static final int[] TOKENS = {5, 100, 101, 257, 32, 258, 100, 7, 90, 33, 12, 64};

  @TempDir private Path folder;

  private void agrees(Family family, Consumer<ObjectNode> edit) {
    TinyModel.write(folder, family, 7);
    ModelEdit.json(folder, "config.json", edit);
    try (var reference = new ReferenceDecoder(folder);
        TorchDecoder model =
            TorchDecoder.open(
                folder, TorchOptions.defaults().withPrecision(WeightPrecision.FLOAT32));
        TorchDecoderSession session = model.openSession(1, Set.of())) {
      double[][] expected = reference.logits(TOKENS);
      assertClose(session.forward(TOKENS, Rows.ALL), expected, 0);
      session.truncate(0);
      session.forward(Arrays.copyOf(TOKENS, 5), Rows.NONE);
      int[] rest = Arrays.copyOfRange(TOKENS, 5, TOKENS.length - 1);
      assertClose(session.forward(rest, Rows.ALL), expected, 5);
      int[] last = {TOKENS[TOKENS.length - 1]};
      assertClose(session.forward(last, Rows.ALL), expected, TOKENS.length - 1);
    }
  }

  private static void assertClose(FloatRows rows, double[][] expected, int from) {
    for (int row = 0; row < rows.count(); row++) {
      for (int i = 0; i < expected[0].length; i++) {
        assertThat((double) rows.get(row, i)).isCloseTo(expected[from + row][i], within(2e-4));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void everyActivationInAGate(Activation activation) {
    agrees(Family.LLAMA, c -> c.put("hidden_act", activation.configName()));
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void everyActivationBetweenTwoMatrices(Activation activation) {
    agrees(Family.GPT2, c -> c.put("activation_function", activation.configName()));
  }

  @ParameterizedTest
  @EnumSource(
      value = Family.class,
      names = {"MISTRAL", "QWEN2", "QWEN3"})
  void aListOfKindsOfAttention(Family family) {
    agrees(
        family,
        c -> {
          c.put("sliding_window", 4).put("use_sliding_window", true);
          c.putArray("layer_types").add("full_attention").add("sliding_attention");
        });
  }

  @Test
  void aGemma3WithBlocksInAnyOrderAndAScalingOfEachKind() {
    agrees(
        Family.GEMMA3,
        c -> {
          c.remove("rope_scaling");
          c.remove("rope_theta");
          c.remove("rope_local_base_freq");
          var kinds = c.putArray("layer_types");
          for (int block = 0; block < Family.GEMMA3.layers(); block++) {
            kinds.add(block % 3 == 0 ? "full_attention" : "sliding_attention");
          }
          var parameters = c.putObject("rope_parameters");
          parameters
              .putObject("full_attention")
              .put("rope_type", "yarn")
              .put("factor", 4)
              .put("original_max_position_embeddings", 24);
          parameters
              .putObject("sliding_attention")
              .put("rope_type", "linear")
              .put("rope_theta", 300)
              .put("factor", 2);
        });
  }

  @ParameterizedTest
  @CsvSource({"true, true", "false, false", "false, true"})
  void gpt2sScales(boolean scaled, boolean divided) {
    agrees(
        Family.GPT2,
        c -> c.put("scale_attn_weights", scaled).put("scale_attn_by_inverse_layer_idx", divided));
  }

  @ParameterizedTest
  @EnumSource(
      value = Family.class,
      names = {"LLAMA", "MISTRAL", "QWEN2", "QWEN3", "GPT_NEOX"})
  void yarnWithAMagnitudeOfItsOwn(Family family) {
    agrees(
        family,
        c ->
            c.putObject("rope_scaling")
                .put("rope_type", "yarn")
                .put("factor", 4)
                .put("attention_factor", 1.5)
                .put("original_max_position_embeddings", 24));
  }
}
