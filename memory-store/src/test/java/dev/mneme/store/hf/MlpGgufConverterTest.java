package dev.mneme.store.hf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.WeightType;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.gguf.GgufTensor;
import dev.mneme.store.gguf.GgufType;
import dev.mneme.store.hf.MlpShape.Style;
import dev.mneme.store.safetensors.SafeTensorsWriter.Entry;
import dev.mneme.store.testing.GgufNumbers;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.TinyMlp;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class MlpGgufConverterTest {
  private static final int HIDDEN = TinyModel.HIDDEN;

  @TempDir private Path folder;
  private Path host;
  private Path directory;

  @BeforeEach
  void writeHost() {
    host = TinyModel.write(TinyModel.directory(folder, "host"), Family.LLAMA, 1);
    directory = TinyModel.directory(folder, "memory");
  }

  @ParameterizedTest
  @CsvSource({"MISTRAL, mistral", "GPT2, gpt2"})
  void describesTheShape(Style style, String name) {
    TinyMlp.write(directory, style, host, 48, 1);
    GgufFile file = convert(WeightType.Q8_0);
    assertThat(file.string("general.architecture")).hasValue("mneme-mlp");
    assertThat(file.integer("general.file_type")).hasValue(7);
    assertThat(file.string("mneme-mlp.style")).hasValue(name);
    assertThat(file.integer("mneme-mlp.input_length")).hasValue(HIDDEN);
    assertThat(file.integer("mneme-mlp.embedding_length")).hasValue(48);
    assertThat(file.integer("mneme-mlp.feed_forward_length")).hasValue(TinyMlp.FFN);
    assertThat(file.integer("mneme-mlp.block_count")).hasValue(TinyMlp.LAYERS);
    assertThat(file.integer("mneme-mlp.vocab_size"))
        .hasValue(HuggingFaceConfig.read(host).vocabulary());
    assertThat(file.real("mneme-mlp.norm_epsilon").getAsDouble()).isEqualTo((float) 1e-5);
    assertThat(file.bool("mneme-mlp.transform")).hasValue(true);
  }

  @Test
  void keepsMistralsTensorsAsTheyAre() {
    TinyMlp.write(directory, Style.MISTRAL, host, 48, 1);
    GgufFile file = convert(WeightType.F32);
    assertThat(file.tensors()).hasSize(2 + 4 * TinyMlp.LAYERS + 2);
    for (String[] pair :
        new String[][] {
          {"embedding_transform.weight", "transform.weight"},
          {"embedding_transform.bias", "transform.bias"},
          {"layers.0.input_layernorm.weight", "blk.0.norm.weight"},
          {"layers.1.mlp.gate_proj.weight", "blk.1.gate.weight"},
          {"layers.1.mlp.up_proj.weight", "blk.1.up.weight"},
          {"layers.1.mlp.down_proj.weight", "blk.1.down.weight"},
          {"norm.weight", "output_norm.weight"},
          {"lm_head.weight", "output.weight"}
        }) {
      assertThat(GgufNumbers.read(file, pair[1])).as(pair[1]).isEqualTo(source(pair[0]));
    }
    assertThat(dims(file, "transform.weight")).containsExactly((long) HIDDEN, 48L);
    assertThat(dims(file, "blk.0.gate.weight")).containsExactly(48L, (long) TinyMlp.FFN);
    assertThat(dims(file, "blk.0.down.weight")).containsExactly((long) TinyMlp.FFN, 48L);
    assertThat(file.bool("mneme-mlp.transform")).hasValue(true);
  }

  @Test
  void turnsGpt2sFeedForwardMatricesAndNoOthers() {
    TinyMlp.write(directory, Style.GPT2, host, 48, 1);
    GgufFile file = convert(WeightType.F32);
    assertThat(file.tensors()).hasSize(2 + 6 * TinyMlp.LAYERS + 3);
    for (String[] pair :
        new String[][] {
          {"embedding_transform.weight", "transform.weight"},
          {"embedding_transform.bias", "transform.bias"},
          {"h.0.ln_1.weight", "blk.0.norm.weight"},
          {"h.1.ln_1.bias", "blk.1.norm.bias"},
          {"h.1.mlp.c_fc.bias", "blk.1.up.bias"},
          {"h.1.mlp.c_proj.bias", "blk.1.down.bias"},
          {"ln_f.weight", "output_norm.weight"},
          {"ln_f.bias", "output_norm.bias"},
          {"lm_head.weight", "output.weight"}
        }) {
      assertThat(GgufNumbers.read(file, pair[1])).as(pair[1]).isEqualTo(source(pair[0]));
    }
    assertTurned(file, "h.1.mlp.c_fc.weight", 48, TinyMlp.FFN, "blk.1.up.weight");
    assertTurned(file, "h.0.mlp.c_proj.weight", TinyMlp.FFN, 48, "blk.0.down.weight");
  }

  private void assertTurned(GgufFile file, String from, int in, int out, String to) {
    float[] published = source(from);
    float[] converted = GgufNumbers.read(file, to);
    assertThat(dims(file, to)).containsExactly((long) in, (long) out);
    for (int i = 0; i < in; i++) {
      for (int o = 0; o < out; o++) {
        assertThat(converted[o * in + i]).isEqualTo(published[i * out + o]);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void leavesOutATransformThatIsNotThere(Style style) {
    TinyMlp.write(directory, style, host, 1);
    GgufFile file = convert(WeightType.F16);
    assertThat(file.bool("mneme-mlp.transform")).hasValue(false);
    assertThat(file.tensors()).doesNotContainKeys("transform.weight", "transform.bias");
    assertThat(file.integer("mneme-mlp.input_length")).hasValue(HIDDEN);
  }

  @ParameterizedTest
  @EnumSource
  void storesMatricesInTheWantedTypeAndTheRestAsFloats(WeightType wanted) {
    TinyMlp.write(directory, Style.GPT2, host, 1);
    GgufFile file = convert(wanted);
    for (GgufTensor tensor : file.tensors().values()) {
      assertThat(tensor.type().name())
          .as(tensor.name())
          .isEqualTo(
              tensor.dims().size() == 2 ? wanted.forRow(tensor.dims().getFirst()).name() : "F32");
    }
    float[] published = source("lm_head.weight");
    float[] converted = GgufNumbers.read(file, "output.weight");
    float largest = 0;
    for (float value : published) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < published.length; i++) {
      assertThat(converted[i]).isCloseTo(published[i], within(largest / 8 * 1.01f));
    }
  }

  @Test
  void fallsBackToHalfPrecisionWhereBlocksDoNotFit() {
    TinyMlp.write(directory, Style.MISTRAL, host, 48, 1);
    GgufFile file = convert(WeightType.Q4_1);
    assertThat(type(file, "blk.0.gate.weight")).isEqualTo(GgufType.F16);
    assertThat(type(file, "blk.0.down.weight")).isEqualTo(GgufType.Q4_1);
  }

  @Test
  void givesTheSameBytesForTheSameMemoryWholeOrInShardsAndAnywhere() throws IOException {
    TinyMlp.write(directory, Style.MISTRAL, host, 1);
    byte[] whole = Files.readAllBytes(convert(WeightType.Q4_0).path());
    Path elsewhere =
        TinyMlp.write(TinyModel.directory(folder, "elsewhere"), Style.MISTRAL, host, 1);
    ModelEdit.shard(elsewhere);
    Path out = folder.resolve("other.gguf");
    MlpGgufConverter.convert(elsewhere, out, WeightType.Q4_0);
    assertThat(out).hasBinaryContent(whole);
  }

  @ParameterizedTest
  @CsvSource({
    "MISTRAL, layers.1.mlp.up_proj.weight, NaN, F32",
    "MISTRAL, norm.weight, Infinity, F16",
    "GPT2, h.0.mlp.c_fc.weight, NaN, Q4_1",
    "GPT2, h.1.mlp.c_proj.bias, -Infinity, F32",
    "GPT2, lm_head.weight, Infinity, Q8_0"
  })
  void refusesAWeightThatIsNotFinite(Style style, String name, float bad, WeightType type) {
    TinyMlp.write(directory, style, host, 1);
    put(name, 17, bad, 19, Float.NaN);
    assertThatThrownBy(() -> convert(type))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("\"" + name + "\"", "element 17 is " + bad);
    assertThat(folder.resolve("out.gguf")).doesNotExist();
  }

  @Test
  void namesTheTensorWithANumberThatHalfPrecisionCannotHold() {
    TinyMlp.write(directory, Style.GPT2, host, 1);
    put("h.0.mlp.c_fc.weight", 5, 1e6f, 6, 1);
    assertThatThrownBy(() -> convert(WeightType.F16))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("\"h.0.mlp.c_fc.weight\"", "1000000.0", "F16");
    assertThat(convert(WeightType.F32).tensors()).isNotEmpty();
  }

  @Test
  void refusesADecodersFolder() {
    TinyModel.write(directory, Family.MISTRAL, 1);
    assertThatThrownBy(() -> convert(WeightType.F32))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("\"model.embed_tokens.weight\" is no tensor of an MLP Memory");
  }

  @Test
  void knowsNoOtherTensorsName() {
    for (String name : List.of("wte.weight", "layers.0.weight", "norm", "layers.x.norm.weight")) {
      assertThatIllegalArgumentException().isThrownBy(() -> MlpGgufNames.ofPublished(name));
    }
  }

  private GgufFile convert(WeightType type) {
    Path out = folder.resolve("out.gguf");
    MlpGgufConverter.convert(directory, out, type);
    return GgufFile.read(out);
  }

  private float[] source(String name) {
    try (MlpModel model = MlpModel.open(directory)) {
      return model.read(name);
    }
  }

  private void put(String name, int first, float one, int second, float two) {
    ModelEdit.tensors(
        directory,
        tensors -> {
          Entry entry = Objects.requireNonNull(tensors.get(name));
          var values = new float[(int) (entry.data().byteSize() / Float.BYTES)];
          values[first] = one;
          values[second] = two;
          tensors.put(name, Entry.of(name, entry.shape(), values));
        });
  }

  private static GgufType type(GgufFile file, String name) {
    return Objects.requireNonNull(file.tensors().get(name), name).type();
  }

  private static List<Long> dims(GgufFile file, String name) {
    return Objects.requireNonNull(file.tensors().get(name), name).dims();
  }
}
