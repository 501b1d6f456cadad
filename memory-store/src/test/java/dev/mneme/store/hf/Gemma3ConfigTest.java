package dev.mneme.store.hf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.gguf.GgufWriter;
import dev.mneme.store.hf.Attention.Heads;
import dev.mneme.store.hf.Attention.Scale;
import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import dev.mneme.store.hf.Rotary.Rotation;
import dev.mneme.store.testing.ModelEdit;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Gemma 3's {@code config.json}, and which of its numbers a GGUF file can say. */
class Gemma3ConfigTest {

  @TempDir private Path directory;

  /** The shape of the model with a billion weights, with the fields it is published with. */
  private static void published(ObjectNode c) {
    c.put("model_type", "gemma3_text")
        .put("attention_bias", false)
        .put("attention_dropout", 0.0)
        .putNull("attn_logit_softcapping")
        .put("bos_token_id", 2)
        .put("cache_implementation", "hybrid")
        .putNull("final_logit_softcapping")
        .put("head_dim", 256)
        .put("hidden_activation", "gelu_pytorch_tanh")
        .put("hidden_size", 1152)
        .put("intermediate_size", 6912)
        .put("max_position_embeddings", 32768)
        .put("num_attention_heads", 4)
        .put("num_hidden_layers", 26)
        .put("num_key_value_heads", 1)
        .put("pad_token_id", 0)
        .put("query_pre_attn_scalar", 256)
        .put("rms_norm_eps", 1e-6)
        .put("rope_local_base_freq", 10000)
        .putNull("rope_scaling")
        .put("rope_theta", 1000000)
        .put("sliding_window", 512)
        .put("sliding_window_pattern", 6)
        .put("vocab_size", 262144);
    c.putArray("architectures").add("Gemma3ForCausalLM");
    c.putArray("eos_token_id").add(1).add(106);
  }

  private HuggingFaceConfig read(Consumer<ObjectNode> edit) {
    ModelEdit.json(
        directory,
        "config.json",
        c -> {
          c.removeAll();
          published(c);
          edit.accept(c);
        });
    return HuggingFaceConfig.read(directory);
  }

  private static int headWidth(HuggingFaceConfig config) {
    return config.shape().attention().heads().width();
  }

  private static Rotation full(HuggingFaceConfig config) {
    return config.shape().rotary().orElseThrow().full();
  }

  private void refuses(Consumer<ObjectNode> edit, String... messageParts) {
    assertThatThrownBy(() -> read(edit))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining(directory.resolve("config.json").toString())
        .hasMessageContainingAll(messageParts);
  }

  @Test
  void readsThePublishedFields() {
    HuggingFaceConfig config = read(c -> {});
    assertThat(config.architecture()).isEqualTo(Architecture.GEMMA3);
    assertThat(headWidth(config)).isEqualTo(256);
    assertThat(config.shape().attention().scale()).isEqualTo(new Scale(1.0 / 16));
    assertThat(full(config).theta()).isEqualTo(1e6);
    assertThat(full(config).scaling()).isEqualTo(new RopeScaling.None());
    assertThat(config.context()).isEqualTo(32768);
    assertThat(config.eos()).containsExactly(1, 106);
    assertThat(config.shape().embedding().tied()).isTrue();
    assertThat(config.shape().embedding().scale()).isCloseTo(33.941125, within(1e-6));
    assertThat(config.shape().attention().window()).map(SlidingWindow::length).hasValue(512);
    assertThat(fullBlocks(config)).containsExactly(5, 11, 17, 23);
  }

  @Test
  void readsWhatNewerReleasesOfTransformersWrite() {
    HuggingFaceConfig config =
        read(
            c -> {
              c.remove(
                  List.of(
                      "rope_theta",
                      "rope_local_base_freq",
                      "rope_scaling",
                      "sliding_window_pattern"));
              c.put("use_bidirectional_attention", false).put("_sliding_window_pattern", 6);
              ObjectNode rope = c.putObject("rope_parameters");
              rope.putObject("full_attention")
                  .put("rope_type", "linear")
                  .put("factor", 8.0)
                  .put("rope_theta", 500_000);
              rope.putObject("sliding_attention")
                  .put("rope_type", "default")
                  .put("rope_theta", 20_000);
              kinds(c, 6);
            });
    assertThat(full(config).theta()).isEqualTo(5e5);
    assertThat(full(config).scaling()).isEqualTo(new RopeScaling.Linear(8));
    assertThat(config.shape().rotary().orElseThrow().windowed().theta()).isEqualTo(20_000);
    assertThat(fullBlocks(config)).containsExactly(5, 11, 17, 23);
  }

  @Test
  void aListOfKindsDecidesWhichBlocksHaveTheWindow() {
    HuggingFaceConfig config =
        read(
            c -> {
              c.remove("sliding_window_pattern");
              kinds(c, 4);
            });
    assertThat(fullBlocks(config)).containsExactly(3, 7, 11, 15, 19, 23);
    assertThat(fullBlocks(read(c -> kinds(c, 5)))).containsExactly(4, 9, 14, 19, 24);
  }

  @Test
  void takesTransformersDefaults() {
    HuggingFaceConfig config =
        read(
            c ->
                c.remove(
                    List.of(
                        "head_dim",
                        "query_pre_attn_scalar",
                        "rope_theta",
                        "rope_local_base_freq",
                        "sliding_window",
                        "sliding_window_pattern",
                        "hidden_activation")));
    assertThat(headWidth(config)).isEqualTo(256);
    assertThat(config.shape().attention().scale()).isEqualTo(new Scale(1.0 / 16));
    assertThat(full(config).theta()).isEqualTo(1e6);
    assertThat(config.shape().attention().window()).map(SlidingWindow::length).hasValue(4096);
  }

  private static void kinds(ObjectNode config, int period) {
    ArrayNode kinds = config.putArray("layer_types");
    for (int block = 1; block <= 26; block++) {
      kinds.add(block % period == 0 ? "full_attention" : "sliding_attention");
    }
  }

  private static List<Integer> fullBlocks(HuggingFaceConfig config) {
    SlidingWindow window = config.shape().attention().window().orElseThrow();
    return IntStream.range(0, config.layers()).filter(b -> !window.limits(b)).boxed().toList();
  }

  @Test
  void takesTransformersSizesWhereNoneAreNamed() {
    HuggingFaceConfig config =
        read(
            c -> {
              c.removeAll();
              c.put("model_type", "gemma3_text");
            });
    assertThat(config.hidden()).isEqualTo(2304);
    assertThat(config.layers()).isEqualTo(26);
    assertThat(config.vocabulary()).isEqualTo(262_208);
    assertThat(config.context()).isEqualTo(131_072);
    assertThat(config.shape().attention().heads()).isEqualTo(new Heads(8, 4, 256));
    assertThat(config.shape().feedForward().width()).isEqualTo(9216);
    assertThat(config.shape().blocks().norm().epsilon()).isEqualTo(1e-6);
    assertThat(fullBlocks(config)).containsExactly(5, 11, 17, 23);
  }

  @ParameterizedTest
  @ValueSource(strings = {"attn_logit_softcapping", "final_logit_softcapping"})
  void refusesCappedLogits(String field) {
    refuses(c -> c.put(field, 30.0), "\"" + field + "\" must be null", "30.0");
  }

  @ParameterizedTest
  @CsvSource({
    "attention_bias, true",
    "use_bidirectional_attention, true",
    "tie_word_embeddings, false"
  })
  void refusesAnotherNetwork(String field, boolean value) {
    refuses(c -> c.put(field, value), "\"" + field + "\" must be " + !value);
  }

  @ParameterizedTest
  @CsvSource({"sliding_window, 0", "sliding_window_pattern, 0", "num_key_value_heads, 3"})
  void refusesAnImpossibleNumber(String field, int value) {
    refuses(c -> c.put(field, value), "\"" + field + "\" must be", String.valueOf(value));
  }

  @Test
  void refusesAModelWithoutWindow() {
    refuses(c -> c.putNull("sliding_window"), "\"sliding_window\" must be", "null");
  }

  @Test
  void refusesAnOddHead() {
    refuses(c -> c.put("head_dim", 255), "\"head_dim\" must be even");
  }

  @Test
  void readsAScalingOfEachKindOfBlock() {
    HuggingFaceConfig config =
        read(
            c -> {
              ObjectNode rope = c.putObject("rope_parameters");
              rope.putObject("full_attention").put("rope_type", "default");
              rope.putObject("sliding_attention").put("rope_type", "linear").put("factor", 8.0);
            });
    Rotary rotary = config.shape().rotary().orElseThrow();
    assertThat(rotary.full()).isEqualTo(new Rotation(1e6, new RopeScaling.None()));
    assertThat(rotary.windowed()).isEqualTo(new Rotation(1e4, new RopeScaling.Linear(8)));
  }

  @Test
  void stretchesBlocksWithoutWindowByTheOlderBlock() {
    HuggingFaceConfig config =
        read(
            c -> {
              c.remove("rope_theta");
              c.putObject("rope_scaling").put("rope_type", "linear").put("factor", 8.0);
              ObjectNode rope = c.putObject("rope_parameters");
              rope.putObject("full_attention").put("rope_type", "default").put("rope_theta", 500);
            });
    assertThat(full(config)).isEqualTo(new Rotation(500, new RopeScaling.Linear(8)));
  }

  @Test
  void refusesRotaryFieldsThatAreOfNoKindOfBlock() {
    refuses(
        c -> c.putObject("rope_parameters").put("rope_type", "linear").put("factor", 8.0),
        "\"rope_parameters.rope_type\" must be in \"full_attention\"");
    refuses(
        c -> c.putObject("rope_scaling").put("type", "linear").put("factor", 8.0),
        "\"rope_scaling.type\" must be called \"rope_type\"");
  }

  @Test
  void refusesRotaryBasesThatContradictEachOther() {
    refuses(
        c -> {
          ObjectNode rope = c.putObject("rope_parameters");
          rope.putObject("full_attention").put("rope_type", "default").put("rope_theta", 1000);
          rope.putObject("sliding_attention").put("rope_type", "default");
        },
        "\"rope_theta\" must be 1000.0");
  }

  @Test
  void ggufSaysTheWindowOfAPublishedModel() {
    Gemma3Gguf.put(read(c -> {}), directory, new GgufWriter());
    // The largest one scales its queries by width and heads.
    Consumer<ObjectNode> largest =
        c ->
            c.put("num_hidden_layers", 62)
                .put("hidden_size", 5376)
                .put("num_attention_heads", 32)
                .put("num_key_value_heads", 16)
                .put("head_dim", 128);
    Gemma3Gguf.put(
        read(largest.andThen(c -> c.put("query_pre_attn_scalar", 168))),
        directory,
        new GgufWriter());
    assertInexpressible(largest.andThen(c -> c.put("query_pre_attn_scalar", 128)), "168");
  }

  @ParameterizedTest
  @CsvSource({
    "num_hidden_layers, 5, num_hidden_layers",
    "sliding_window_pattern, 4, layer_types",
    "rope_local_base_freq, 20000, rotary base",
    "query_pre_attn_scalar, 288, query_pre_attn_scalar"
  })
  void ggufCannotSayWhatLlamaCppHasInItsCode(String field, int value, String words) {
    assertInexpressible(c -> c.put(field, value), words);
  }

  private void assertInexpressible(Consumer<ObjectNode> edit, String words) {
    HuggingFaceConfig config = read(edit);
    var writer = new GgufWriter();
    assertThatThrownBy(() -> Gemma3Gguf.put(config, directory, writer))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("config.json", "cannot be written as GGUF", words);
  }
}
