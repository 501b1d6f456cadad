package dev.mneme.store.hf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.hf.Attention.Bias;
import dev.mneme.store.hf.Attention.Heads;
import dev.mneme.store.hf.Attention.Layout;
import dev.mneme.store.hf.Attention.Projection;
import dev.mneme.store.hf.Attention.Scale;
import dev.mneme.store.hf.Blocks.Kind;
import dev.mneme.store.hf.Blocks.Norm;
import dev.mneme.store.hf.Blocks.Order;
import dev.mneme.store.hf.DecoderShape.Embedding;
import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import dev.mneme.store.hf.Rotary.Rotation;
import dev.mneme.store.testing.ModelEdit;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HuggingFaceConfigTest {

  @TempDir private Path directory;

  @Test
  void readsLlama() {
    HuggingFaceConfig config = llama(c -> c.put("bos_token_id", 1).put("eos_token_id", 2));
    assertThat(config)
        .isEqualTo(
            new HuggingFaceConfig(
                Architecture.LLAMA,
                256,
                new DecoderShape(
                    new Embedding(512, 64, 1, false),
                    new Attention(
                        new Heads(8, 4, 8),
                        new Projection(Layout.SEPARATE, Bias.NONE, false),
                        new Scale(1 / Math.sqrt(8)),
                        Optional.empty()),
                    Optional.of(new Rotary(8, new Rotation(10_000, new RopeScaling.None()))),
                    new FeedForward.Gated(172, Activation.SILU, false),
                    new Blocks(5, Order.SEQUENTIAL, new Norm(Kind.RMS, 1e-5))),
                OptionalInt.of(1),
                List.of(2)));
  }

  @Test
  void readsGpt2WithItsDefaults() {
    HuggingFaceConfig config = gpt2(c -> {});
    assertThat(config.architecture()).isEqualTo(Architecture.GPT2);
    assertThat(config.shape().feedForward().width()).isEqualTo(4 * 48);
    assertThat(headWidth(config)).isEqualTo(12);
    assertThat(config.context()).isEqualTo(1024);
    assertThat(config.shape().blocks().norm().epsilon()).isEqualTo(1e-5);
    assertThat(config.shape().embedding().tied()).isTrue();
  }

  @Test
  void readsGptNeox() {
    HuggingFaceConfig config =
        neox(
            c ->
                c.put("layer_norm_eps", 1e-6)
                    .put("rotary_pct", 0.5)
                    .put("rotary_emb_base", 50_000)
                    .put("use_parallel_residual", false)
                    .put("attention_bias", false)
                    .put("tie_word_embeddings", true)
                    .put("hidden_act", "gelu_fast")
                    .put("bos_token_id", 0)
                    .put("eos_token_id", 3));
    assertThat(config)
        .isEqualTo(
            new HuggingFaceConfig(
                Architecture.GPT_NEOX,
                128,
                new DecoderShape(
                    new Embedding(512, 64, 1, true),
                    new Attention(
                        new Heads(4, 4, 16),
                        new Projection(Layout.FUSED_BY_HEAD, Bias.NONE, false),
                        new Scale(1 / Math.sqrt(16)),
                        Optional.empty()),
                    Optional.of(new Rotary(8, new Rotation(50_000, new RopeScaling.None()))),
                    new FeedForward.Plain(256, Activation.GELU_TANH, true),
                    new Blocks(5, Order.SEQUENTIAL, new Norm(Kind.LAYER, 1e-6))),
                OptionalInt.of(0),
                List.of(3)));
  }

  @Test
  void readsGptNeoxWithItsDefaults() {
    HuggingFaceConfig config = neox(c -> {});
    assertThat(config.shape().feedForward().activation()).isEqualTo(Activation.GELU);
    assertThat(headWidth(config)).isEqualTo(16);
    assertThat(config.shape().rotary().orElseThrow().width()).isEqualTo(4);
    assertThat(full(config).theta()).isEqualTo(10_000);
    assertThat(config.shape().blocks().norm().epsilon()).isEqualTo(1e-5);
    assertThat(bias(config)).isEqualTo(Bias.ALL);
    assertThat(config.shape().feedForward().bias()).isTrue();
    assertThat(config.shape().blocks().order()).isEqualTo(Order.PARALLEL);
    assertThat(config.shape().embedding().tied()).isFalse();
  }

  @Test
  void readsGptNeoxsRotaryParametersOfTransformers5() {
    HuggingFaceConfig config =
        neox(
            c ->
                c.putObject("rope_parameters")
                    .put("rope_type", "default")
                    .put("rope_theta", 5e5)
                    .put("partial_rotary_factor", 1.0));
    assertThat(full(config).theta()).isEqualTo(5e5);
    assertThat(config.shape().rotary().orElseThrow().width()).isEqualTo(16);
  }

  @Test
  void takesRotaryFieldsOfGptNeoxUnderBothNamesWhereTheyAgree() {
    HuggingFaceConfig config =
        neox(
            c ->
                c.put("rotary_pct", 0.5)
                    .put("partial_rotary_factor", 0.5)
                    .put("rotary_emb_base", 20_000)
                    .put("rope_theta", 20_000.0));
    assertThat(config.shape().rotary().orElseThrow().width()).isEqualTo(8);
    assertThat(full(config).theta()).isEqualTo(20_000);
  }

  @Test
  void readsGptNeoxsLinearScaling() {
    assertThat(
            full(neox(c -> c.putObject("rope_scaling").put("type", "linear").put("factor", 2.0)))
                .scaling())
        .isEqualTo(new RopeScaling.Linear(2));
  }

  @Test
  void takesHeadsForKeyValueHeadsWhereLlamaNamesNone() {
    assertThat(llama(c -> c.remove("num_key_value_heads")).shape().attention().heads().keyValues())
        .isEqualTo(8);
  }

  @Test
  void takesAHeadWidthUnlikeTheQuotient() {
    assertThat(headWidth(llama(c -> c.put("head_dim", 16)))).isEqualTo(16);
  }

  @Test
  void readsSeveralEndIds() {
    assertThat(llama(c -> c.putArray("eos_token_id").add(7).add(9)).eos()).containsExactly(7, 9);
  }

  @Test
  void readsTheRotaryParametersOfTransformers5() {
    HuggingFaceConfig config =
        llama(
            c -> c.putObject("rope_parameters").put("rope_type", "default").put("rope_theta", 5e5));
    assertThat(full(config).theta()).isEqualTo(5e5);
    assertThat(full(config).scaling()).isEqualTo(new RopeScaling.None());
  }

  @Test
  void readsLinearScalingUnderItsOldName() {
    HuggingFaceConfig config =
        llama(c -> c.putObject("rope_scaling").put("type", "linear").put("factor", 2.0));
    assertThat(full(config).scaling()).isEqualTo(new RopeScaling.Linear(2));
  }

  @Test
  void readsLlama3Scaling() {
    assertThat(full(llama(HuggingFaceConfigTest::llama3)).scaling())
        .isEqualTo(new RopeScaling.Llama3(8, 1, 4, 8192));
  }

  @Test
  void dividesOnlyLongWavesByLlama3sFactor() {
    // Llama 3.1 8B; the numbers are those that transformers 5.18 computes.
    double[] divisors = new RopeScaling.Llama3(8, 1, 4, 8192).divisors(128, 500_000);
    assertThat(divisors).hasSize(64);
    assertThat(divisors[0]).isEqualTo(1);
    assertThat(divisors[28]).isEqualTo(1);
    assertThat(divisors[29]).isCloseTo(1.207484, within(1e-5));
    assertThat(divisors[34]).isCloseTo(5.257327, within(1e-5));
    assertThat(divisors[35]).isEqualTo(8);
    assertThat(divisors[63]).isEqualTo(8);
    assertThat(divisors).isSorted();
  }

  @Test
  void readsMistralsWindowForAllBlocks() {
    HuggingFaceConfig config =
        llama(c -> c.put("model_type", "mistral").put("sliding_window", 100));
    assertThat(config.context()).isEqualTo(256);
    assertThat(config.shape().attention().window())
        .hasValue(new SlidingWindow(100, Set.of(0, 1, 2, 3, 4)));
    assertThat(config.contextWithoutWindow()).isEqualTo(100);
  }

  @Test
  void aWindowWiderThanTheContextOrNullLimitsNothing() {
    assertThat(
            llama(c -> c.put("model_type", "mistral").put("sliding_window", 4096))
                .contextWithoutWindow())
        .isEqualTo(256);
    assertThat(window(llama(c -> c.put("model_type", "mistral").putNull("sliding_window"))))
        .isEmpty();
  }

  @Test
  void takesTheFamilysWindowWhereAMistralNamesNone() {
    assertThat(window(llama(c -> c.put("model_type", "mistral"))))
        .hasValue(new SlidingWindow(4096, Set.of(0, 1, 2, 3, 4)));
  }

  @Test
  void ignoresTheWindowThatQwen2DoesNotUse() {
    Consumer<ObjectNode> qwen = c -> c.put("model_type", "qwen2").put("sliding_window", 100);
    assertThat(window(llama(qwen))).isEmpty();
    assertThat(window(llama(qwen.andThen(c -> c.put("use_sliding_window", false))))).isEmpty();
    assertThat(window(llama(qwen.andThen(c -> c.put("use_sliding_window", true)))))
        .isEmpty(); // from block 28 on, and there is none
  }

  @Test
  void readsFromWhichBlockOnQwen2UsesItsWindow() {
    HuggingFaceConfig config = llama(HuggingFaceConfigTest::useWindowFromBlock1);
    assertThat(config.shape().attention().window())
        .hasValue(new SlidingWindow(100, Set.of(1, 2, 3, 4)));
    assertThat(config.contextWithoutWindow()).isEqualTo(100);
  }

  /** The smallest Qwen3, with the fields it is published with. */
  private static void qwen3(ObjectNode config) {
    config
        .put("model_type", "qwen3")
        .put("attention_bias", false)
        .put("attention_dropout", 0.0)
        .put("bos_token_id", 151643)
        .put("eos_token_id", 151645)
        .put("head_dim", 128)
        .put("hidden_size", 1024)
        .put("intermediate_size", 3072)
        .put("max_position_embeddings", 40960)
        .put("max_window_layers", 28)
        .put("num_attention_heads", 16)
        .put("num_hidden_layers", 28)
        .put("num_key_value_heads", 8)
        .put("rms_norm_eps", 1e-6)
        .putNull("rope_scaling")
        .put("rope_theta", 1_000_000)
        .putNull("sliding_window")
        .put("tie_word_embeddings", true)
        .put("use_sliding_window", false)
        .put("vocab_size", 151936);
  }

  @Test
  void readsQwen3() {
    HuggingFaceConfig config = llama(HuggingFaceConfigTest::qwen3);
    assertThat(config.architecture()).isEqualTo(Architecture.QWEN3);
    assertThat(headWidth(config)).isEqualTo(128);
    assertThat(config.shape().attention().heads().queries() * headWidth(config))
        .isEqualTo(2 * config.hidden());
    assertThat(config.shape().attention().scale()).isEqualTo(new Scale(1 / Math.sqrt(128)));
    assertThat(bias(config)).isEqualTo(Bias.NONE);
    assertThat(config.shape().attention().projection().normed()).isTrue();
    assertThat(config.shape().attention().window()).isEmpty();
    assertThat(config.contextWithoutWindow()).isEqualTo(40960);
    assertThat(full(config).theta()).isEqualTo(1e6);
    assertThat(config.shape().embedding().tied()).isTrue();
  }

  @Test
  void takesQwen3sHeadWhereItNamesNone() {
    Consumer<ObjectNode> qwen3 = HuggingFaceConfigTest::qwen3;
    assertThat(headWidth(llama(qwen3.andThen(c -> c.remove("head_dim"))))).isEqualTo(128);
  }

  @Test
  void readsQwen3sBiases() {
    Consumer<ObjectNode> qwen3 = HuggingFaceConfigTest::qwen3;
    assertThat(bias(llama(qwen3.andThen(c -> c.put("attention_bias", true))))).isEqualTo(Bias.ALL);
  }

  private static void useWindowFromBlock1(ObjectNode config) {
    config
        .put("model_type", "qwen2")
        .put("sliding_window", 100)
        .put("use_sliding_window", true)
        .put("max_window_layers", 1);
  }

  @Test
  void refusesAnUnsupportedFamilyByName() {
    assertThatThrownBy(() -> llama(c -> c.put("model_type", "mamba")))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll(
            "config.json", "\"mamba\"", "llama, mistral, qwen2, qwen3, gemma3_text, gpt2");
  }

  @Test
  void refusesQuantisedWeights() {
    assertThatThrownBy(() -> llama(c -> c.putObject("quantization_config").put("bits", 4)))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("quantization_config");
  }

  @Test
  void refusesAFolderWithoutConfiguration() {
    assertThatThrownBy(() -> HuggingFaceConfig.read(directory))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll(directory.toString(), "config.json");
  }

  @Test
  void namesTheMissingFamily() {
    refuses(c -> c.remove("model_type"), "the field \"model_type\" is missing");
  }

  @ParameterizedTest
  @CsvSource({
    "hidden_size, 0",
    "hidden_size, -64",
    "num_hidden_layers, 0",
    "vocab_size, -1",
    "num_key_value_heads, 3",
    "head_dim, 7"
  })
  void refusesAnImpossibleNumber(String field, int value) {
    refuses(c -> c.put(field, value), "\"" + field + "\" must be", String.valueOf(value));
  }

  @Test
  void refusesMoreBlocksThanAnyModelHas() {
    refuses(
        c -> c.put("num_hidden_layers", 2_000_000_000),
        "\"num_hidden_layers\" must be an integer from 1 to 512");
  }

  @Test
  void refusesAGpt2SoWideThatItsFeedForwardWidthOverflows() {
    assertThatThrownBy(() -> gpt2(c -> c.put("n_embd", 1 << 30)))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("\"n_embd\" must be", "1073741824");
  }

  @Test
  void refusesAWindowOfNoTokens() {
    refuses(
        c -> c.put("model_type", "mistral").put("sliding_window", 0),
        "\"sliding_window\" must be",
        "0");
  }

  @Test
  void refusesHeadsThatDoNotDivideTheWidth() {
    refuses(
        c -> c.put("num_attention_heads", 7).put("num_key_value_heads", 7),
        "\"num_attention_heads\" must be a divisor of the width 64");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1e-5})
  void refusesANormEpsilonThatIsNotPositive(double epsilon) {
    refuses(c -> c.put("rms_norm_eps", epsilon), "\"rms_norm_eps\" must be", "above 0");
  }

  @Test
  void refusesAFractionForACount() {
    refuses(c -> c.put("hidden_size", 64.0), "\"hidden_size\" must be an integer", "64.0");
  }

  @Test
  void refusesAnActivationThatIsNotComputed() {
    refuses(c -> c.put("hidden_act", "xielu"), "\"hidden_act\" must be", "silu", "xielu");
    assertThatThrownBy(() -> gpt2(c -> c.put("activation_function", "prelu")))
        .hasMessageContainingAll("activation_function", "gelu_new", "prelu");
    refusesNeox(c -> c.put("hidden_act", "gelu_10"), "\"hidden_act\" must be", "gelu_10");
  }

  @Test
  void refusesAGpt2ThatReadsAnotherModel() {
    assertThatThrownBy(() -> gpt2(c -> c.put("add_cross_attention", true)))
        .hasMessageContaining("add_cross_attention");
  }

  @Test
  void readsTheOptionsOfGpt2sAttention() {
    assertThat(gpt2(c -> c.put("scale_attn_weights", false)).shape().attention().scale())
        .isEqualTo(new Scale(1));
    Scale divided =
        gpt2(c -> c.put("scale_attn_by_inverse_layer_idx", true)).shape().attention().scale();
    assertThat(divided).isEqualTo(new Scale(1 / Math.sqrt(12), true));
    assertThat(divided.of(0)).isEqualTo(1 / Math.sqrt(12));
    assertThat(divided.of(1)).isEqualTo(1 / Math.sqrt(12) / 2);
  }

  @Test
  void readsGpt2sFieldsUnderTheirCommonNames() {
    HuggingFaceConfig config =
        gpt2(
            c ->
                c.put("hidden_size", 64)
                    .put("num_attention_heads", 8)
                    .put("num_hidden_layers", 3)
                    .put("max_position_embeddings", 77));
    assertThat(config.hidden()).isEqualTo(64);
    assertThat(headWidth(config)).isEqualTo(8);
    assertThat(config.layers()).isEqualTo(3);
    assertThat(config.context()).isEqualTo(77);
    assertThat(config.shape().feedForward().width()).isEqualTo(256);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1.5, 0.06, 0.2}) // 24, none and 3 of 16
  void refusesARotatedShareThatIsNoPairsOfTheHead(double share) {
    refusesNeox(
        c -> c.put("rotary_pct", share),
        "\"rotary_pct\" must be such that an even number of a head's 16 floats is rotated",
        String.valueOf(share));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -0.25})
  void refusesARotatedShareThatIsNotPositive(double share) {
    refusesNeox(c -> c.put("rotary_pct", share), "\"rotary_pct\" must be", "above 0");
  }

  @Test
  void refusesADefaultShareThatLeavesNoPairOfASmallHead() {
    refusesNeox(c -> c.put("num_attention_heads", 16), "\"num_attention_heads\" must be such that");
  }

  @Test
  void refusesRotaryFieldsOfGptNeoxThatContradictEachOther() {
    refusesNeox(
        c -> c.put("rotary_pct", 0.5).put("partial_rotary_factor", 1.0),
        "\"partial_rotary_factor\" must be 0.5");
    refusesNeox(c -> c.put("rope_theta", 500_000.0), "\"rope_theta\" must be 10000.0");
    refusesNeox(
        c ->
            c.put("rotary_emb_base", 20_000)
                .putObject("rope_parameters")
                .put("rope_type", "default")
                .put("rope_theta", 10_000.0),
        "\"rotary_emb_base\" must be 10000.0");
  }

  @Test
  void refusesAGptNeoxHeadWidthUnlikeTheQuotient() {
    refusesNeox(c -> c.put("head_dim", 32), "\"head_dim\" must be hidden_size / num_att");
  }

  @Test
  void refusesAnUnknownRotaryScaling() {
    refuses(
        c -> c.putObject("rope_scaling").put("rope_type", "proportional").put("factor", 4.0),
        "\"rope_scaling.rope_type\" must be one of",
        "[default, linear, dynamic, llama3, yarn, longrope]",
        "proportional");
  }

  @Test
  void refusesLlama3ScalingWithoutItsFields() {
    refuses(
        c -> {
          llama3(c);
          ((ObjectNode) c.get("rope_scaling")).remove("factor");
        },
        "\"rope_scaling.factor\" is missing");
    refuses(
        c -> {
          llama3(c);
          ((ObjectNode) c.get("rope_scaling")).put("high_freq_factor", 0.5);
        },
        "\"rope_scaling.high_freq_factor\" must be above low_freq_factor");
  }

  @Test
  void refusesHeadsRotatedInPart() {
    refuses(c -> c.put("partial_rotary_factor", 0.5), "\"partial_rotary_factor\" must be 1");
  }

  private static int headWidth(HuggingFaceConfig config) {
    return config.shape().attention().heads().width();
  }

  private static Rotation full(HuggingFaceConfig config) {
    return config.shape().rotary().orElseThrow().full();
  }

  private static Bias bias(HuggingFaceConfig config) {
    return config.shape().attention().projection().bias();
  }

  private static Optional<SlidingWindow> window(HuggingFaceConfig config) {
    return config.shape().attention().window();
  }

  private void refuses(Consumer<ObjectNode> edit, String... messageParts) {
    assertThatThrownBy(() -> llama(edit))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining(directory.resolve("config.json").toString())
        .hasMessageContainingAll(messageParts);
  }

  private void refusesNeox(Consumer<ObjectNode> edit, String... messageParts) {
    assertThatThrownBy(() -> neox(edit))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining(directory.resolve("config.json").toString())
        .hasMessageContainingAll(messageParts);
  }

  private static void llama3(ObjectNode config) {
    config
        .putObject("rope_scaling")
        .put("rope_type", "llama3")
        .put("factor", 8.0)
        .put("low_freq_factor", 1.0)
        .put("high_freq_factor", 4.0)
        .put("original_max_position_embeddings", 8192);
  }

  private HuggingFaceConfig llama(Consumer<ObjectNode> edit) {
    ModelEdit.json(
        directory,
        "config.json",
        c -> {
          c.removeAll();
          c.put("model_type", "llama")
              .put("hidden_size", 64)
              .put("num_hidden_layers", 5)
              .put("num_attention_heads", 8)
              .put("num_key_value_heads", 4)
              .put("intermediate_size", 172)
              .put("vocab_size", 512)
              .put("max_position_embeddings", 256)
              .put("rms_norm_eps", 1e-5);
          edit.accept(c);
        });
    return HuggingFaceConfig.read(directory);
  }

  private HuggingFaceConfig neox(Consumer<ObjectNode> edit) {
    ModelEdit.json(
        directory,
        "config.json",
        c -> {
          c.removeAll();
          c.put("model_type", "gpt_neox")
              .put("hidden_size", 64)
              .put("num_hidden_layers", 5)
              .put("num_attention_heads", 4)
              .put("intermediate_size", 256)
              .put("vocab_size", 512)
              .put("max_position_embeddings", 128);
          edit.accept(c);
        });
    return HuggingFaceConfig.read(directory);
  }

  private HuggingFaceConfig gpt2(Consumer<ObjectNode> edit) {
    ModelEdit.json(
        directory,
        "config.json",
        c -> {
          c.removeAll();
          c.put("model_type", "gpt2")
              .put("n_embd", 48)
              .put("n_layer", 2)
              .put("n_head", 4)
              .put("n_positions", 1024)
              .put("vocab_size", 300);
          edit.accept(c);
        });
    return HuggingFaceConfig.read(directory);
  }
}
