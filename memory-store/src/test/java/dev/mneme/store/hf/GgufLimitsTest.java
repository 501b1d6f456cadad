package dev.mneme.store.hf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.MnemeException;
import dev.mneme.store.WeightType;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.testing.GgufNumbers;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Networks that a GGUF file can say, and those that it cannot, so that conversion refuses them. */
class GgufLimitsTest {

  @TempDir private Path directory;

  private GgufFile convert(Family family, Consumer<ObjectNode> edit) {
    TinyModel.write(directory, family, 1);
    ModelEdit.json(directory, "config.json", edit);
    Path out = directory.resolve("model.gguf");
    GgufConverter.convertHost(directory, out, WeightType.F32);
    return GgufFile.read(out);
  }

  private void refuses(Family family, Consumer<ObjectNode> edit, String... words) {
    assertThatThrownBy(() -> convert(family, edit))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("config.json cannot be written as GGUF", "PyTorch")
        .hasMessageContainingAll(words);
    assertThat(directory.resolve("model.gguf")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({
    "LLAMA, hidden_act, gelu",
    "MISTRAL, hidden_act, relu",
    "QWEN2, hidden_act, gelu_new",
    "QWEN3, hidden_act, relu",
    "GEMMA3, hidden_activation, gelu",
    "GPT2, activation_function, gelu",
    "GPT2, activation_function, relu",
    "GPT_NEOX, hidden_act, quick_gelu"
  })
  void anActivationThatTheEngineDoesNotCompute(Family family, String field, String activation) {
    refuses(family, c -> c.put(field, activation), "\"" + field + "\"", activation);
  }

  @ParameterizedTest
  @EnumSource(
      value = Family.class,
      names = {"QWEN2", "QWEN3", "GPT_NEOX", "GEMMA3"})
  void divisorsOfFrequenciesThatTheEngineTakesForLlamaAlone(Family family) {
    refuses(
        family,
        c ->
            scaling(c, "llama3")
                .put("factor", 8)
                .put("low_freq_factor", 1)
                .put("high_freq_factor", 4),
        "\"rope_type\"",
        "llama3");
  }

  @Test
  void aYarnThatTheEngineDoesNotCompute() {
    refuses(Family.GEMMA3, c -> scaling(c, "yarn").put("factor", 4), "\"rope_type\"", "yarn");
    refuses(
        Family.QWEN2,
        c -> scaling(c, "yarn").put("factor", 4).put("beta_fast", 16),
        "\"rope_type\"",
        "yarn");
  }

  private static ObjectNode scaling(ObjectNode config, String type) {
    return config.putObject("rope_scaling").put("rope_type", type);
  }

  @Test
  void llamasYarnIsATensorOfDivisorsAndAFactor() {
    GgufFile file =
        convert(
            Family.LLAMA,
            c -> scaling(c, "yarn").put("factor", 4).put("original_max_position_embeddings", 24));
    double[] divisors =
        new RopeScaling.Yarn(4, 1, new RopeScaling.Yarn.Ramp(32, 1, true), 24)
            .divisors(TinyModel.HIDDEN / TinyModel.HEADS, 10_000);
    float[] stored = numbers(file, "rope_freqs.weight");
    assertThat(stored).hasSize(divisors.length);
    for (int i = 0; i < stored.length; i++) {
      assertThat(stored[i]).isEqualTo((float) divisors[i]);
    }
    assertThat(number(file, "llama.rope.scaling.attn_factor")).isCloseTo(1.138629, within(1e-6));
    assertThat(file.metadata()).doesNotContainKey("llama.rope.scaling.type");
  }

  @Test
  void otherFamiliesYarnIsKeys() {
    GgufFile file =
        convert(
            Family.QWEN2,
            c ->
                scaling(c, "yarn")
                    .put("factor", 4)
                    .put("attention_factor", 1.5)
                    .put("original_max_position_embeddings", 24));
    assertThat(file.metadata()).containsKey("qwen2.rope.scaling.type");
    assertThat(number(file, "qwen2.rope.scaling.factor")).isEqualTo(4);
    assertThat(number(file, "qwen2.rope.scaling.attn_factor"))
        .isCloseTo(1.5 / (1 + 0.1 * Math.log(4)), within(1e-6));
    assertThat(file.tensors()).doesNotContainKey("rope_freqs.weight");
  }

  @ParameterizedTest
  @CsvSource({"false, false", "true, true", "false, true"})
  void gpt2sScaleGoesIntoItsQueries(boolean scaled, boolean divided) {
    GgufFile file =
        convert(
            Family.GPT2,
            c ->
                c.put("scale_attn_weights", scaled)
                    .put("scale_attn_by_inverse_layer_idx", divided));
    float[][] options = {
      numbers(file, "blk.1.attn_qkv.weight"), numbers(file, "blk.1.attn_qkv.bias")
    };
    GgufFile usual =
        convert(
            Family.GPT2,
            c -> {
              c.remove("scale_attn_weights");
              c.remove("scale_attn_by_inverse_layer_idx");
            });
    float[][] plain = {
      numbers(usual, "blk.1.attn_qkv.weight"), numbers(usual, "blk.1.attn_qkv.bias")
    };
    double headWidth = (double) TinyModel.HIDDEN / TinyModel.HEADS;
    double factor = (scaled ? 1 : Math.sqrt(headWidth)) / (divided ? 2 : 1);
    for (int part = 0; part < 2; part++) {
      for (int i = 0; i < plain[part].length; i++) {
        double expected = plain[part][i] * (i < plain[part].length / 3 ? factor : 1);
        assertThat((double) options[part][i]).isCloseTo(expected, within(1e-6));
      }
    }
  }

  @Test
  void aGemma3WithoutABlockOfFullAttention() {
    refuses(
        Family.GEMMA3, c -> c.put("sliding_window_pattern", 100), "layer_types", "full attention");
  }

  private static float[] numbers(GgufFile file, String name) {
    return GgufNumbers.read(file, name);
  }

  private static double number(GgufFile file, String key) {
    return file.real(key).orElseThrow();
  }
}
