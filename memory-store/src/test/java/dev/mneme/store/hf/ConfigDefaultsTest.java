package dev.mneme.store.hf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MalformedFileException;
import dev.mneme.store.hf.Attention.Heads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What a {@code config.json} leaves out is what transformers puts there, family by family. */
class ConfigDefaultsTest {

  @TempDir private Path directory;

  private HuggingFaceConfig read(String text) throws IOException {
    Files.writeString(directory.resolve(HuggingFaceConfig.FILE), text);
    return HuggingFaceConfig.read(directory);
  }

  @ParameterizedTest
  @CsvSource({
    "llama, 32000, 4096, 32, 32, 32, 128, 11008, 2048, 1e-6",
    "mistral, 32000, 4096, 32, 32, 8, 128, 14336, 131072, 1e-6",
    "qwen2, 151936, 4096, 32, 32, 32, 128, 22016, 32768, 1e-6",
    "qwen3, 151936, 4096, 32, 32, 32, 128, 22016, 32768, 1e-6",
    "gemma3_text, 262208, 2304, 26, 8, 4, 256, 9216, 131072, 1e-6",
    "gpt2, 50257, 768, 12, 12, 12, 64, 3072, 1024, 1e-5",
    "gpt_neox, 50432, 6144, 44, 64, 64, 96, 24576, 2048, 1e-5"
  })
  void aFamilyAloneNamesAWholeModel(
      String family,
      int vocabulary,
      int hidden,
      int blocks,
      int heads,
      int keyValueHeads,
      int headWidth,
      int feedForward,
      int context,
      double epsilon)
      throws IOException {
    HuggingFaceConfig config = read("{\"model_type\": \"%s\"}".formatted(family));
    assertThat(config.vocabulary()).isEqualTo(vocabulary);
    assertThat(config.hidden()).isEqualTo(hidden);
    assertThat(config.layers()).isEqualTo(blocks);
    assertThat(config.context()).isEqualTo(context);
    assertThat(config.shape().attention().heads())
        .isEqualTo(new Heads(heads, keyValueHeads, headWidth));
    assertThat(config.shape().feedForward().width()).isEqualTo(feedForward);
    assertThat(config.shape().blocks().norm().epsilon()).isEqualTo(epsilon);
  }

  @Test
  void anExplicitNullMeansAsManyKeysAsQueries() throws IOException {
    HuggingFaceConfig config = read("{\"model_type\": \"mistral\", \"num_key_value_heads\": null}");
    assertThat(config.shape().attention().heads().keyValues()).isEqualTo(32);
  }

  @Test
  void namesTheDefaultThatDoesNotFitTheOtherFields() {
    assertThatThrownBy(
            () ->
                read(
                    "{\"model_type\": \"mistral\", \"hidden_size\": 64, \"num_attention_heads\": 4}"))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("num_key_value_heads", "it is absent, which means 8");
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void everyActivationIsReadUnderItsName(Activation activation) throws IOException {
    HuggingFaceConfig config =
        read(
            "{\"model_type\": \"llama\", \"hidden_act\": \"%s\"}"
                .formatted(activation.configName()));
    assertThat(config.shape().feedForward().activation()).isEqualTo(activation);
  }

  @ParameterizedTest
  @CsvSource({
    "llama, hidden_act, swish, SILU",
    "gpt_neox, hidden_act, gelu_fast, GELU_TANH",
    "gpt2, activation_function, gelu_pytorch_tanh, GELU_TANH",
    "gpt2, activation_function, gelu, GELU",
    "gemma3_text, hidden_activation, gelu_python, GELU"
  })
  void otherSpellingsOfAnActivationAreKnown(
      String family, String field, String name, Activation activation) throws IOException {
    HuggingFaceConfig config =
        read("{\"model_type\": \"%s\", \"%s\": \"%s\"}".formatted(family, field, name));
    assertThat(config.shape().feedForward().activation()).isEqualTo(activation);
  }

  @Test
  void numbersThatOnlyPythonWritesAreNoFaultWhereTheyMeanNothing() throws IOException {
    HuggingFaceConfig config =
        read(
            "{\"model_type\": \"llama\", \"attention_dropout\": NaN, \"a\": Infinity, \"b\": -Infinity, \"c\": 1e400}");
    assertThat(config.hidden()).isEqualTo(4096);
  }

  @ParameterizedTest
  @CsvSource({"Infinity", "NaN", "1e400"})
  void refusesThemByNameWhereTheyCount(String number) {
    assertThatThrownBy(
            () -> read("{\"model_type\": \"llama\", \"rms_norm_eps\": %s}".formatted(number)))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("\"rms_norm_eps\" must be a finite number above 0");
  }

  @Test
  void refusesWhatWouldChangeEveryFamily() {
    assertThatThrownBy(() -> read("{\"model_type\": \"llama\", \"is_causal\": false}"))
        .hasMessageContaining("\"is_causal\" must be true");
    assertThatThrownBy(() -> read("{\"model_type\": \"qwen2\", \"per_layer_config\": {\"0\": {}}}"))
        .hasMessageContaining("\"per_layer_config\" must be absent");
  }
}
