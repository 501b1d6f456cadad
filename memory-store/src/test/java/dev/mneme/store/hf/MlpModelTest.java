package dev.mneme.store.hf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.hf.MlpShape.Style;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.SafeTensorsWriter.Entry;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.TinyMlp;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class MlpModelTest {

  @TempDir private Path folder;
  private Path host;
  private Path directory;

  @BeforeEach
  void writeHost() {
    host = TinyModel.write(TinyModel.directory(folder, "host"), Family.LLAMA, 1);
    directory = TinyModel.directory(folder, "memory");
  }

  @ParameterizedTest
  @EnumSource
  void readsTheShapeOfEitherStyle(Style style) {
    TinyMlp.write(directory, style, host, 1);
    try (MlpModel model = MlpModel.open(directory)) {
      assertThat(model.shape())
          .isEqualTo(
              new MlpShape(
                  style,
                  TinyModel.HIDDEN,
                  TinyModel.HIDDEN,
                  TinyMlp.FFN,
                  TinyMlp.LAYERS,
                  HuggingFaceConfig.read(host).vocabulary(),
                  TinyMlp.EPSILON,
                  false));
      assertThat(model.tokenizer().vocabulary().size()).isEqualTo(model.shape().vocabulary());
    }
  }

  @Test
  void readsTheNamesOfMistralsReleasedFiles() {
    TinyMlp.write(directory, Style.MISTRAL, host, 1);
    try (MlpModel model = MlpModel.open(directory)) {
      assertThat(model.tensors().tensors().keySet())
          .contains(
              "layers.1.input_layernorm.weight",
              "layers.1.mlp.gate_proj.weight",
              "layers.1.mlp.up_proj.weight",
              "layers.1.mlp.down_proj.weight",
              "norm.weight",
              "lm_head.weight");
    }
  }

  @Test
  void readsTheNamesOfGpt2sReleasedFiles() {
    TinyMlp.write(directory, Style.GPT2, host, 1);
    try (MlpModel model = MlpModel.open(directory)) {
      assertThat(model.tensors().tensors().keySet())
          .contains(
              "h.1.ln_1.weight",
              "h.1.ln_1.bias",
              "h.1.mlp.c_fc.weight",
              "h.1.mlp.c_fc.bias",
              "h.1.mlp.c_proj.weight",
              "h.1.mlp.c_proj.bias",
              "ln_f.weight",
              "ln_f.bias",
              "lm_head.weight");
      assertThat(
              Objects.requireNonNull(model.tensors().tensors().get("h.1.mlp.c_fc.weight")).shape())
          .containsExactly((long) TinyModel.HIDDEN, (long) TinyMlp.FFN);
    }
  }

  @ParameterizedTest
  @EnumSource
  void readsTheInputsWidthFromTheTransform(Style style) {
    TinyMlp.write(directory, style, host, 48, 1);
    try (MlpModel model = MlpModel.open(directory)) {
      assertThat(model.shape().transform()).isTrue();
      assertThat(model.shape().input()).isEqualTo(TinyModel.HIDDEN);
      assertThat(model.shape().hidden()).isEqualTo(48);
    }
  }

  @Test
  void opensShards() {
    TinyMlp.write(directory, Style.MISTRAL, host, 1);
    ModelEdit.shard(directory);
    assertThat(MlpModel.isMlp(directory)).isTrue();
    try (MlpModel model = MlpModel.open(directory)) {
      assertThat(model.read("norm.weight")).hasSize(TinyModel.HIDDEN);
    }
  }

  @ParameterizedTest
  @EnumSource
  void tellsItselfByItsTensorsNames(Style style) {
    assertThat(MlpModel.isMlp(TinyMlp.write(directory, style, host, 1))).isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void tellsADecoderByItsTensorsNames(Family family) {
    assertThat(MlpModel.isMlp(TinyModel.write(directory, family, 1))).isFalse();
  }

  @Test
  void tellsAGpt2DecoderWithoutPrefixByItsTensorsNames() {
    TinyModel.write(directory, Family.GPT2, 1);
    ModelEdit.tensors(
        directory,
        tensors -> {
          List<Entry> all = List.copyOf(tensors.values());
          tensors.clear();
          for (Entry entry : all) {
            String name = entry.name().substring("transformer.".length());
            tensors.put(name, new Entry(name, entry.dtype(), entry.shape(), entry.data()));
          }
        });
    assertThat(MlpModel.isMlp(directory)).isFalse();
  }

  @Test
  void namesEveryTensorThatIsMissingMisshapenUnreadableOrTooMany() {
    TinyMlp.write(directory, Style.MISTRAL, host, 1);
    ModelEdit.tensors(
        directory,
        tensors -> {
          tensors.remove("norm.weight");
          tensors.remove("layers.1.mlp.up_proj.weight");
          put(tensors, "layers.0.mlp.down_proj.weight", 96, 32);
          tensors.put(
              "layers.0.input_layernorm.weight",
              new Entry(
                  "layers.0.input_layernorm.weight",
                  Dtype.I8,
                  List.of(32L),
                  MemorySegment.ofArray(new byte[32])));
          put(tensors, "model.norm.weight", 32);
        });
    refuses(
        directory.toString(),
        "config.json",
        "\"norm.weight\" is missing",
        "\"layers.1.mlp.up_proj.weight\" is missing",
        "\"layers.0.mlp.down_proj.weight\" has shape [96, 32], expected [32, 96]",
        "\"layers.0.input_layernorm.weight\" is stored as I8",
        "\"model.norm.weight\" is no tensor of an MLP Memory in the style of mistral");
  }

  @Test
  void refusesMoreBlocksThanConfigured() {
    TinyMlp.write(directory, Style.MISTRAL, host, 1);
    edit("num_hidden_layers", 1);
    refuses("\"layers.1.mlp.gate_proj.weight\" is no tensor");
  }

  @Test
  void refusesATransformWithoutItsBias() {
    TinyMlp.write(directory, Style.GPT2, host, 48, 1);
    ModelEdit.tensors(directory, tensors -> tensors.remove("embedding_transform.bias"));
    refuses("\"embedding_transform.bias\" is missing");
  }

  @Test
  void refusesATransformsBiasWithoutItsMatrix() {
    TinyMlp.write(directory, Style.MISTRAL, host, 48, 1);
    ModelEdit.tensors(directory, tensors -> tensors.remove("embedding_transform.weight"));
    refuses("\"embedding_transform.weight\" is missing");
  }

  @Test
  void refusesATransformThatIsNoMatrix() {
    TinyMlp.write(directory, Style.MISTRAL, host, 48, 1);
    ModelEdit.tensors(directory, tensors -> put(tensors, "embedding_transform.weight", 48));
    refuses("\"embedding_transform.weight\" has shape [48]");
  }

  @Test
  void refusesAFolderWithoutTheHostsTokenizer() throws IOException {
    TinyMlp.write(directory, Style.MISTRAL, host, 1);
    Files.delete(directory.resolve("tokenizer.json"));
    refuses("no tokenizer.json", "copy the host's tokenizer.json into the folder");
  }

  @Test
  void refusesATokenizerWithMoreIdsThanTheMemory() {
    TinyMlp.write(directory, Style.MISTRAL, host, 1);
    edit("vocab_size", 200);
    ModelEdit.tensors(directory, tensors -> put(tensors, "lm_head.weight", 200, 32));
    refuses("tokenizer.json", "must be below vocab_size");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"pytorch_model.bin", "memory.pt", "memory.pkl", "a.pth", "b.ckpt", "c.PICKLE"})
  void refusesPickledWeightsOfAJointSave(String name) throws IOException {
    TinyMlp.write(directory, Style.MISTRAL, host, 1);
    Files.writeString(
        directory.resolve("mlp_memory_config.json"),
        "{\"layer_position\": -1, \"is_train\": false}");
    Files.move(directory.resolve("model.safetensors"), directory.resolve(name));
    Files.delete(directory.resolve("tokenizer.json"));
    refuses(name, "pickle", "Python", "safe_serialization=True");
    assertThatThrownBy(() -> MlpModel.isMlp(directory)).hasMessageContaining(name);
  }

  @Test
  void refusesPickledWeightsOfADecoderWithoutTokenizer() throws IOException {
    TinyModel.write(directory, Family.QWEN2, 1);
    Files.move(directory.resolve("model.safetensors"), directory.resolve("pytorch_model.bin"));
    Files.delete(directory.resolve("tokenizer.json"));
    assertThatThrownBy(() -> HuggingFaceModel.open(directory))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("pytorch_model.bin", "safe_serialization=True");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model_type",
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "vocab_size"
      })
  void refusesAConfigurationWithoutAField(String field) {
    TinyMlp.write(directory, Style.MISTRAL, host, 1);
    ModelEdit.json(directory, "config.json", config -> config.remove(field));
    refuses("config.json", "\"" + field + "\" is missing");
  }

  @ParameterizedTest
  @CsvSource({
    "MISTRAL, hidden_act, gelu",
    "GPT2, activation_function, relu",
    "MISTRAL, hidden_size, 32",
    "GPT2, n_embd, x",
  })
  void refusesAFieldOfAnotherKind(Style style, String field, String value) {
    TinyMlp.write(directory, style, host, 1);
    ModelEdit.json(directory, "config.json", config -> config.put(field, value));
    refuses("config.json", "\"" + field + "\" must be");
  }

  @Test
  void refusesMoreBlocksThanAnyModelHas() {
    TinyMlp.write(directory, Style.GPT2, host, 1);
    edit("n_layer", Integer.MAX_VALUE);
    refuses("\"n_layer\" must be an integer from 1 to");
  }

  @Test
  void refusesAnUnsupportedFamily() {
    TinyMlp.write(directory, Style.GPT2, host, 1);
    ModelEdit.json(directory, "config.json", config -> config.put("model_type", "llama"));
    refuses("\"llama\"", "mistral, gpt2");
  }

  @Test
  void refusesQuantisedWeights() {
    TinyMlp.write(directory, Style.GPT2, host, 1);
    ModelEdit.json(directory, "config.json", config -> config.putObject("quantization_config"));
    refuses("quantised");
  }

  @Test
  void takesFourTimesTheWidthWhereNoInnerWidthIsNamed() {
    TinyMlp.write(directory, Style.GPT2, host, 24, 1); // 4 * 24 = TinyMlp.FFN
    ModelEdit.json(directory, "config.json", config -> config.putNull("n_inner"));
    ModelEdit.json(directory, "config.json", config -> config.remove("layer_norm_epsilon"));
    try (MlpModel model = MlpModel.open(directory)) {
      assertThat(model.shape().feedForward()).isEqualTo(TinyMlp.FFN);
      assertThat(model.shape().normEpsilon()).isEqualTo(1e-5);
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void namesTheFirstNumberThatIsNotFinite(float bad) {
    TinyMlp.write(directory, Style.MISTRAL, host, 1);
    String name = "lm_head.weight";
    ModelEdit.tensors(
        directory,
        tensors -> {
          Entry entry = Objects.requireNonNull(tensors.get(name));
          var values = new float[(int) (entry.data().byteSize() / 4)];
          values[777] = bad;
          values[778] = Float.NaN;
          tensors.put(name, Entry.of(name, entry.shape(), values));
        });
    try (MlpModel model = MlpModel.open(directory)) {
      assertThatThrownBy(() -> model.read(name))
          .isInstanceOf(MalformedFileException.class)
          .hasMessageContainingAll(
              directory.toString(), "\"lm_head.weight\"", "element 777 is " + bad);
      assertThatThrownBy(() -> model.requireFinite(name))
          .hasMessageContaining("element 777 is " + bad);
      assertThat(model.read("norm.weight")).hasSize(32);
    }
  }

  @Test
  void countsFromTheTensorsBeginningInLargeOnes() {
    TinyMlp.write(directory, Style.MISTRAL, host, 1);
    edit("vocab_size", 4300);
    var values = new float[4300 * 32];
    values[136_000] = Float.NaN;
    ModelEdit.tensors(
        directory,
        tensors ->
            tensors.put("lm_head.weight", Entry.of("lm_head.weight", List.of(4300L, 32L), values)));
    try (MlpModel model = MlpModel.open(directory)) {
      assertThatThrownBy(() -> model.requireFinite("lm_head.weight"))
          .hasMessageContaining("element 136000 is NaN");
    }
  }

  @Test
  void refusesADoubleTooLargeForAFloat() {
    TinyMlp.write(directory, Style.MISTRAL, host, 1);
    ByteBuffer doubles = ByteBuffer.allocate(32 * 8).order(ByteOrder.LITTLE_ENDIAN);
    IntStream.range(0, 32).forEach(i -> doubles.putDouble(i == 3 ? 1e300 : 1));
    ModelEdit.tensors(
        directory,
        tensors ->
            tensors.put(
                "norm.weight",
                new Entry(
                    "norm.weight",
                    Dtype.F64,
                    List.of(32L),
                    MemorySegment.ofArray(doubles.array()))));
    try (MlpModel model = MlpModel.open(directory)) {
      assertThatThrownBy(() -> model.read("norm.weight"))
          .hasMessageContaining("element 3 is Infinity");
    }
  }

  @Test
  void knowsNoOtherTensor() {
    TinyMlp.write(directory, Style.MISTRAL, host, 1);
    try (MlpModel model = MlpModel.open(directory)) {
      assertThatIllegalArgumentException().isThrownBy(() -> model.read("wte.weight"));
    }
  }

  @Test
  void readsTheLayerThatTheMemoryReads() throws IOException {
    assertThat(MlpModel.layerPosition(directory)).isEmpty();
    Path file = directory.resolve("mlp_memory_config.json");
    Files.writeString(file, "{\"layer_position\": -1, \"is_train\": false}");
    assertThat(MlpModel.layerPosition(directory)).hasValue(-1);
    Files.writeString(file, "{\"is_train\": false}");
    assertThat(MlpModel.layerPosition(directory)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"-1\"", "1.5", "99999999999", "[]"})
  void refusesALayerThatIsNoNumber(String value) throws IOException {
    Files.writeString(
        directory.resolve("mlp_memory_config.json"), "{\"layer_position\": " + value + "}");
    assertThatThrownBy(() -> MlpModel.layerPosition(directory))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("\"layer_position\" must be an integer");
  }

  private void edit(String field, int value) {
    ModelEdit.json(directory, "config.json", config -> config.put(field, value));
  }

  private static void put(Map<String, Entry> tensors, String name, int... dims) {
    int count = IntStream.of(dims).reduce(1, (a, b) -> a * b);
    List<Long> shape = IntStream.of(dims).mapToObj(d -> (long) d).toList();
    tensors.put(name, Entry.of(name, shape, new float[count]));
  }

  private void refuses(String... messageParts) {
    assertThatThrownBy(() -> MlpModel.open(directory))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll(messageParts);
  }
}
