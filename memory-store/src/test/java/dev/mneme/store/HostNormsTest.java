package dev.mneme.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.HostIdentity;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.gguf.GgufType;
import dev.mneme.store.gguf.GgufWriter;
import dev.mneme.store.gguf.RowEncoder;
import dev.mneme.store.hf.GgufConverter;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.SafeTensorsWriter.Entry;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostNormsTest {

  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void makeFolder() {
    model = TinyModel.directory(folder, "model");
  }

  @ParameterizedTest
  @EnumSource
  void oneHostInEveryFormatAndUnderEveryName(Family family) {
    TinyModel.write(model, family, 1);
    HostIdentity identity = HostNorms.ofHuggingFace(model);
    for (WeightType type : WeightType.values()) {
      assertThat(HostNorms.ofGguf(converted(model, type + " of mine.gguf", type)))
          .as(type.name())
          .isEqualTo(identity);
    }
    Path copy = TinyModel.write(TinyModel.directory(folder, "copy"), family, 1);
    ModelEdit.shard(copy);
    assertThat(HostNorms.ofHuggingFace(copy)).isEqualTo(identity);
  }

  @ParameterizedTest
  @EnumSource
  void otherWeightsAreAnotherHost(Family family) {
    HostIdentity one = HostNorms.ofHuggingFace(TinyModel.write(model, family, 1));
    HostIdentity two = HostNorms.ofHuggingFace(TinyModel.write(model, family, 2));
    assertThat(two.norms()).isNotEqualTo(one.norms());
    assertThat(two.differencesFrom(one)).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "LLAMA, llama",
    "MISTRAL, llama",
    "QWEN2, qwen2",
    "QWEN3, qwen3",
    "GEMMA3, gemma3",
    "GPT2, gpt2",
    "GPT_NEOX, gptneox"
  })
  void namesTheFamilyAsGgufDoes(Family family, String architecture) {
    HostIdentity identity = HostNorms.ofHuggingFace(TinyModel.write(model, family, 1));
    assertThat(identity.architecture()).isEqualTo(architecture);
    assertThat(identity.width()).isEqualTo(TinyModel.HIDDEN);
    assertThat(identity.blocks()).isEqualTo(family.layers());
  }

  @Test
  void countsLlamasNormsBlockAfterBlockAndTheOutputsLast() {
    TinyModel.write(model, Family.LLAMA, 1);
    assertThat(HostNorms.ofHuggingFace(model).norms())
        .isEqualTo(
            digestOf(
                "model.layers.0.input_layernorm.weight",
                "model.layers.0.post_attention_layernorm.weight",
                "model.layers.1.input_layernorm.weight",
                "model.layers.1.post_attention_layernorm.weight",
                "model.norm.weight"));
  }

  @Test
  void countsEachWeightBeforeItsBias() {
    TinyModel.write(model, Family.GPT2, 1);
    assertThat(HostNorms.ofHuggingFace(model).norms())
        .isEqualTo(
            digestOf(
                "transformer.h.0.ln_1.weight",
                "transformer.h.0.ln_1.bias",
                "transformer.h.0.ln_2.weight",
                "transformer.h.0.ln_2.bias",
                "transformer.h.1.ln_1.weight",
                "transformer.h.1.ln_1.bias",
                "transformer.h.1.ln_2.weight",
                "transformer.h.1.ln_2.bias",
                "transformer.ln_f.weight",
                "transformer.ln_f.bias"));
  }

  @Test
  void countsGptNeoxsNormsInTheSameOrder() {
    TinyModel.write(model, Family.GPT_NEOX, 1);
    assertThat(HostNorms.ofHuggingFace(model).norms())
        .isEqualTo(
            digestOf(
                "gpt_neox.layers.0.input_layernorm.weight",
                "gpt_neox.layers.0.input_layernorm.bias",
                "gpt_neox.layers.0.post_attention_layernorm.weight",
                "gpt_neox.layers.0.post_attention_layernorm.bias",
                "gpt_neox.layers.1.input_layernorm.weight",
                "gpt_neox.layers.1.input_layernorm.bias",
                "gpt_neox.layers.1.post_attention_layernorm.weight",
                "gpt_neox.layers.1.post_attention_layernorm.bias",
                "gpt_neox.final_layer_norm.weight",
                "gpt_neox.final_layer_norm.bias"));
  }

  @Test
  void everyNormCounts() {
    TinyModel.write(model, Family.GPT2, 1);
    var digests = new ArrayList<String>();
    digests.add(HostNorms.ofHuggingFace(model).norms());
    for (String name : List.of("h.0.ln_1.weight", "h.1.ln_2.bias", "ln_f.bias")) {
      change("transformer." + name);
      digests.add(HostNorms.ofHuggingFace(model).norms());
    }
    assertThat(digests).doesNotHaveDuplicates();
  }

  @Test
  void otherMatricesWithTheSameNormsAreOneHost() {
    TinyModel.write(model, Family.LLAMA, 1);
    HostIdentity before = HostNorms.ofHuggingFace(model);
    change("lm_head.weight");
    assertThat(HostNorms.ofHuggingFace(model)).isEqualTo(before);
  }

  @Test
  void halfPrecisionCountsAsTheNumbersItStandsFor() {
    TinyModel.write(model, Family.LLAMA, 1);
    ModelEdit.tensors(model, tensors -> tensors.replaceAll((name, entry) -> halved(entry)));
    assertThat(HostNorms.ofGguf(converted(model, "half.gguf", WeightType.F16)))
        .isEqualTo(HostNorms.ofHuggingFace(model));
  }

  @Test
  void normsStoredAsF16OrBf16InGgufCountAsTheNumbersTheyStandFor() {
    Map<String, float[]> norms = Map.of("output_norm.weight", new float[] {1, 0.5f, -2, 0});
    HostIdentity exact = HostNorms.ofGguf(gguf(norms, GgufType.F32, 1));
    assertThat(HostNorms.ofGguf(gguf(norms, GgufType.F16, 1))).isEqualTo(exact);
    assertThat(HostNorms.ofGguf(gguf(norms, GgufType.BF16, 1))).isEqualTo(exact);
  }

  @Test
  void leavesOutANormThatTheFamilyDoesNotHave() {
    float[] a = {1, 2, 3, 4};
    float[] b = {5, 6, 7, 8};
    HostIdentity identity =
        HostNorms.ofGguf(
            gguf(
                Map.of("blk.0.attn_norm.weight", a, "blk.1.attn_norm.weight", b), GgufType.F32, 2));
    assertThat(identity.norms()).isEqualTo(digestOf(List.of(a, b)));
    assertThat(identity.blocks()).isEqualTo(2);
  }

  @Test
  void readsNormsLongerThanOneChunk() {
    var values = new float[10_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    assertThat(HostNorms.ofGguf(gguf(Map.of("output_norm.bias", values), GgufType.F32, 1)).norms())
        .isEqualTo(digestOf(List.of(values)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"attn_norm.weight", "ffn_norm.bias"})
  void refusesAGgufWhoseLastBlockLacksANorm(String norm) {
    GgufFile file = gguf(Map.of("blk.0." + norm, new float[4]), GgufType.F32, 2);
    refuses(file, "\"blk.1." + norm + "\", which other blocks have,");
  }

  @Test
  void refusesAFolderWhoseBlockLacksANorm() {
    TinyModel.write(model, Family.QWEN2, 1);
    String norm = "model.layers.1.post_attention_layernorm.weight";
    ModelEdit.tensors(model, tensors -> tensors.remove(norm));
    assertThatThrownBy(() -> HostNorms.ofHuggingFace(model))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("\"" + norm + "\" is missing");
  }

  @Test
  void refusesAGgufWithoutNorms() {
    refuses(
        gguf(Map.of("token_embd.weight", new float[4]), GgufType.F32, Integer.MAX_VALUE),
        "has no norms");
  }

  @Test
  void refusesQuantisedNorms() {
    refuses(
        gguf(Map.of("output_norm.weight", new float[32]), GgufType.Q8_0, 1),
        "\"output_norm.weight\" is stored as Q8_0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"general.architecture", "x.block_count", "x.embedding_length"})
  void refusesAGgufWithoutAKey(String key) {
    var writer = new GgufWriter();
    if (!key.equals("general.architecture")) {
      writer.put("general.architecture", "x");
    }
    for (String number : List.of("x.block_count", "x.embedding_length")) {
      if (!key.equals(number)) {
        writer.putUint32(number, 4);
      }
    }
    addTensor(writer, "output_norm.weight", new float[4], GgufType.F32);
    refuses(written(writer, "lacking.gguf"), "\"" + key + "\" is missing");
  }

  @Test
  void refusesNoBlocks() {
    refuses(
        gguf(Map.of("output_norm.weight", new float[4]), GgufType.F32, 0),
        "\"x.block_count\" is 0");
  }

  @Test
  void refusesAFileThatWasTruncatedMeanwhile() throws IOException {
    GgufFile file = gguf(Map.of("output_norm.weight", new float[10_000]), GgufType.F32, 1);
    try (FileChannel channel = FileChannel.open(file.path(), StandardOpenOption.WRITE)) {
      channel.truncate(10);
    }
    refuses(file, "cannot read the norms");
  }

  private GgufFile converted(Path directory, String name, WeightType type) {
    Path file = folder.resolve(name);
    GgufConverter.convertHost(directory, file, type);
    return GgufFile.read(file);
  }

  private GgufFile gguf(Map<String, float[]> tensors, GgufType type, long blocks) {
    var writer = new GgufWriter().put("general.architecture", "x");
    writer.putUint32("x.embedding_length", 4).putUint32("x.block_count", blocks);
    tensors.forEach((name, values) -> addTensor(writer, name, values, type));
    return written(writer, type + ".gguf");
  }

  private GgufFile written(GgufWriter writer, String name) {
    Path file = folder.resolve(name);
    writer.write(file);
    return GgufFile.read(file);
  }

  private static void addTensor(GgufWriter writer, String name, float[] values, GgufType type) {
    ByteBuffer bytes =
        ByteBuffer.allocate((int) type.rowBytes(values.length)).order(ByteOrder.LITTLE_ENDIAN);
    if (type == GgufType.BF16) {
      for (float value : values) {
        bytes.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
      }
    } else {
      RowEncoder.encode(type, values, values.length, bytes);
    }
    writer.addTensor(
        name,
        type,
        List.of((long) values.length),
        out -> GgufWriter.writeFully(out, bytes.duplicate().flip()));
  }

  private static Entry halved(Entry entry) {
    ByteBuffer floats = entry.data().asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer halves = ByteBuffer.allocate(floats.remaining() / 2).order(ByteOrder.LITTLE_ENDIAN);
    while (floats.hasRemaining()) {
      halves.putShort(Float.floatToFloat16(floats.getFloat()));
    }
    return new Entry(entry.name(), Dtype.F16, entry.shape(), MemorySegment.ofArray(halves.array()));
  }

  /** Makes one number of a tensor another. */
  private void change(String name) {
    ModelEdit.tensors(
        model,
        tensors -> {
          byte[] bytes = bytes(tensors, name);
          bytes[2] ^= 1;
          Entry entry = Objects.requireNonNull(tensors.get(name));
          tensors.put(
              name, new Entry(name, entry.dtype(), entry.shape(), MemorySegment.ofArray(bytes)));
        });
  }

  /** The digest over tensors of the folder, stored as F32, one after the other. */
  private String digestOf(String... names) {
    var digest = PackFiles.sha256();
    ModelEdit.tensors(
        model,
        tensors -> {
          for (String name : names) {
            digest.update(bytes(tensors, name));
          }
        });
    return "sha256:" + HexFormat.of().formatHex(digest.digest());
  }

  private static String digestOf(List<float[]> norms) {
    var digest = PackFiles.sha256();
    for (float[] norm : norms) {
      for (float value : norm) {
        int bits = Float.floatToRawIntBits(value);
        digest.update(
            new byte[] {
              (byte) bits, (byte) (bits >>> 8), (byte) (bits >>> 16), (byte) (bits >>> 24)
            });
      }
    }
    return "sha256:" + HexFormat.of().formatHex(digest.digest());
  }

  private static byte[] bytes(Map<String, Entry> tensors, String name) {
    ByteBuffer data = Objects.requireNonNull(tensors.get(name), name).data().asByteBuffer();
    var bytes = new byte[data.remaining()];
    data.get(bytes);
    return bytes;
  }

  private static void refuses(GgufFile file, String... messageParts) {
    assertThatThrownBy(() -> HostNorms.ofGguf(file))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining(file.path().toString())
        .hasMessageContainingAll(messageParts);
  }
}
