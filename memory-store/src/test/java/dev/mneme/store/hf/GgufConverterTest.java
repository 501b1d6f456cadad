package dev.mneme.store.hf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.common.primitives.Doubles;
import com.google.common.primitives.Floats;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.WeightType;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.gguf.GgufTensor;
import dev.mneme.store.gguf.GgufType;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.FloatReader;
import dev.mneme.store.safetensors.SafeTensorsWriter.Entry;
import dev.mneme.store.safetensors.TensorInfo;
import dev.mneme.store.safetensors.TensorSource;
import dev.mneme.store.testing.GgufNumbers;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class GgufConverterTest {
  private static final int HEAD = TinyModel.HIDDEN / TinyModel.HEADS;
  private static final String QKV = "gpt_neox.layers.1.attention.query_key_value";
  private static final String QUERY = "model.layers.1.self_attn.q_proj";

  @TempDir private Path directory;

  @Test
  void describesALlama() throws IOException {
    write(Family.LLAMA);
    GgufFile file = convert(WeightType.F32);
    assertThat(file.string("general.architecture")).hasValue("llama");
    assertThat(file.integer("general.file_type")).hasValue(0);
    assertThat(file.integer("llama.vocab_size")).hasValue(width());
    assertThat(file.integer("llama.context_length")).hasValue(TinyModel.CONTEXT);
    assertThat(file.integer("llama.embedding_length")).hasValue(TinyModel.HIDDEN);
    assertThat(file.integer("llama.block_count")).hasValue(TinyModel.LAYERS);
    assertThat(file.integer("llama.feed_forward_length")).hasValue(TinyModel.FFN);
    assertThat(file.integer("llama.attention.head_count")).hasValue(TinyModel.HEADS);
    assertThat(file.integer("llama.attention.head_count_kv")).hasValue(TinyModel.KV_HEADS);
    assertThat(file.integer("llama.rope.dimension_count")).hasValue(HEAD);
    assertThat(file.real("llama.attention.layer_norm_rms_epsilon").getAsDouble())
        .isCloseTo(1e-5, within(1e-11));
    assertThat(file.real("llama.rope.freq_base")).hasValue(10_000);
    assertThat(dims(file, "token_embd.weight")).containsExactly((long) TinyModel.HIDDEN, width());
    assertThat(dims(file, "blk.0.ffn_down.weight"))
        .containsExactly((long) TinyModel.FFN, (long) TinyModel.HIDDEN);
  }

  @Test
  void keepsRowsOfOtherMatricesInOrder() throws IOException {
    write(Family.LLAMA);
    GgufFile file = convert(WeightType.F32);
    for (String[] pair :
        new String[][] {
          {"model.embed_tokens.weight", "token_embd.weight"},
          {"lm_head.weight", "output.weight"},
          {"model.norm.weight", "output_norm.weight"},
          {"model.layers.0.self_attn.v_proj.weight", "blk.0.attn_v.weight"},
          {"model.layers.0.self_attn.o_proj.weight", "blk.0.attn_output.weight"},
          {"model.layers.1.mlp.gate_proj.weight", "blk.1.ffn_gate.weight"},
          {"model.layers.1.mlp.down_proj.weight", "blk.1.ffn_down.weight"},
          {"model.layers.1.post_attention_layernorm.weight", "blk.1.ffn_norm.weight"}
        }) {
      assertThat(stored(file, pair[1])).as(pair[1]).isEqualTo(source(pair[0]));
    }
  }

  @ParameterizedTest
  @CsvSource({"q_proj, attn_q, 32", "k_proj, attn_k, 16"})
  void interleavesTheRotaryHalvesOfEachHead(String from, String to, int rows) throws IOException {
    write(Family.LLAMA);
    float[] published = source("model.layers.1.self_attn." + from + ".weight");
    float[] converted = stored(convert(WeightType.F32), "blk.1." + to + ".weight");
    for (int head = 0; head < rows / HEAD; head++) {
      for (int pair = 0; pair < HEAD / 2; pair++) {
        assertThat(row(converted, head * HEAD + 2 * pair))
            .isEqualTo(row(published, head * HEAD + pair));
        assertThat(row(converted, head * HEAD + 2 * pair + 1))
            .isEqualTo(row(published, head * HEAD + pair + HEAD / 2));
      }
    }
  }

  @Test
  void interleavesBiasesLikeTheirRows() throws IOException {
    write(Family.LLAMA);
    addAttentionBiases();
    float[] published = source(QUERY + ".bias");
    GgufFile file = convert(WeightType.F32);
    float[] converted = stored(file, "blk.1.attn_q.bias");
    assertThat(converted[0]).isEqualTo(published[0]);
    assertThat(converted[1]).isEqualTo(published[HEAD / 2]);
    assertThat(converted[2]).isEqualTo(published[1]);
    assertThat(dims(file, "blk.1.attn_q.bias")).containsExactly((long) TinyModel.HIDDEN);
    assertThat(stored(file, "blk.0.attn_output.bias")).hasSize(TinyModel.HIDDEN);
  }

  @Test
  void leavesQwen2sRotaryOrder() throws IOException {
    write(Family.QWEN2);
    GgufFile file = convert(WeightType.F32);
    assertThat(file.string("general.architecture")).hasValue("qwen2");
    assertThat(stored(file, "blk.1.attn_q.weight")).isEqualTo(source(QUERY + ".weight"));
    assertThat(stored(file, "blk.1.attn_q.bias")).isEqualTo(source(QUERY + ".bias"));
    assertThat(type(file, "blk.1.attn_q.bias")).isEqualTo(GgufType.F32);
  }

  @Test
  void describesAQwen3() throws IOException {
    write(Family.QWEN3);
    GgufFile file = convert(WeightType.F32);
    assertThat(file.string("general.architecture")).hasValue("qwen3");
    assertThat(file.integer("qwen3.attention.key_length")).hasValue(TinyModel.OWN_HEAD);
    assertThat(file.integer("qwen3.attention.value_length")).hasValue(TinyModel.OWN_HEAD);
    assertThat(file.integer("qwen3.rope.dimension_count")).hasValue(TinyModel.OWN_HEAD);
    assertThat(file.integer("qwen3.attention.head_count_kv")).hasValue(TinyModel.KV_HEADS);
    assertThat(dims(file, "blk.0.attn_q.weight"))
        .containsExactly((long) TinyModel.HIDDEN, (long) TinyModel.HEADS * TinyModel.OWN_HEAD);
    assertThat(stored(file, "blk.1.attn_q.weight")).isEqualTo(source(QUERY + ".weight"));
    for (String part : List.of("q", "k")) {
      String norm = "blk.1.attn_" + part + "_norm.weight";
      assertThat(stored(file, norm))
          .isEqualTo(source("model.layers.1.self_attn." + part + "_norm.weight"));
      assertThat(dims(file, norm)).containsExactly((long) TinyModel.OWN_HEAD);
      assertThat(type(file, norm)).isEqualTo(GgufType.F32);
    }
    assertThat(file.tensors()).doesNotContainKey("output.weight").hasSize(2 + 11 * 2);
  }

  @Test
  void describesAGemma3() {
    write(Family.GEMMA3);
    GgufFile file = convert(WeightType.F16);
    assertThat(file.string("general.architecture")).hasValue("gemma3");
    assertThat(file.integer("gemma3.context_length")).hasValue(TinyModel.CONTEXT);
    assertThat(file.integer("gemma3.block_count")).hasValue(Family.GEMMA3.layers());
    assertThat(file.integer("gemma3.attention.sliding_window")).hasValue(TinyModel.WINDOW);
    assertThat(file.integer("gemma3.attention.key_length")).hasValue(TinyModel.OWN_HEAD);
    assertThat(file.real("gemma3.rope.freq_base")).hasValue(1e6);
    assertThat(file.tensors()).doesNotContainKey("output.weight").hasSize(2 + 13 * 7);
  }

  @ParameterizedTest
  @CsvSource({
    "model.layers.1.input_layernorm, blk.1.attn_norm",
    "model.layers.1.self_attn.q_norm, blk.1.attn_q_norm",
    "model.layers.1.self_attn.k_norm, blk.1.attn_k_norm",
    "model.layers.1.post_attention_layernorm, blk.1.post_attention_norm",
    "model.layers.1.pre_feedforward_layernorm, blk.1.ffn_norm",
    "model.layers.1.post_feedforward_layernorm, blk.1.post_ffw_norm",
    "model.norm, output_norm"
  })
  void addsTheOneThatGemmasNormsLack(String from, String to) throws IOException {
    write(Family.GEMMA3);
    float[] published = source(from + ".weight");
    float[] converted = stored(convert(WeightType.F16), to + ".weight");
    assertThat(converted).hasSameSizeAs(published);
    for (int i = 0; i < converted.length; i++) {
      assertThat(converted[i]).isEqualTo(published[i] + 1);
    }
  }

  @Test
  void refusesAGemma3ThatLlamaCppWouldComputeOtherwise() {
    write(Family.GEMMA3);
    ModelEdit.json(directory, "config.json", c -> c.put("rope_local_base_freq", 500));
    assertThatThrownBy(() -> convert(WeightType.F32))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("config.json", "llama.cpp", "10000", "500");
    assertThat(directory.resolve("out.gguf")).doesNotExist();
  }

  @ParameterizedTest
  @EnumSource(names = {"MISTRAL", "QWEN2"})
  void leavesATiedHeadOut(Family family) {
    write(family);
    assertThat(convert(WeightType.F32).tensors()).doesNotContainKey("output.weight");
  }

  @Test
  void turnsGpt2sMatrices() throws IOException {
    write(Family.GPT2);
    float[] published = source("transformer.h.1.attn.c_attn.weight");
    GgufFile file = convert(WeightType.F32);
    float[] converted = stored(file, "blk.1.attn_qkv.weight");
    int in = TinyModel.HIDDEN;
    int out = 3 * in;
    assertThat(dims(file, "blk.1.attn_qkv.weight")).containsExactly((long) in, (long) out);
    for (int i = 0; i < in; i++) {
      for (int o = 0; o < out; o++) {
        assertThat(converted[o * in + i]).isEqualTo(published[i * out + o]);
      }
    }
  }

  @Test
  void writesGpt2sTiedHeadAndPositions() throws IOException {
    write(Family.GPT2);
    GgufFile file = convert(WeightType.Q8_0);
    assertThat(file.real("gpt2.attention.layer_norm_epsilon")).isPresent();
    assertThat(file.tensors()).containsKey("output.weight");
    assertThat(type(file, "position_embd.weight")).isEqualTo(GgufType.F32);
    assertThat(stored(file, "position_embd.weight")).isEqualTo(source("transformer.wpe.weight"));
    assertThat(stored(file, "blk.0.ffn_up.bias"))
        .isEqualTo(source("transformer.h.0.mlp.c_fc.bias"));
  }

  @Test
  void acceptsGpt2NamesWithoutPrefixAndMasks() throws IOException {
    write(Family.GPT2);
    float[] embedding = source("transformer.wte.weight");
    ModelEdit.tensors(
        directory,
        tensors -> {
          List<Entry> all = List.copyOf(tensors.values());
          tensors.clear();
          for (Entry entry : all) {
            String name = entry.name().substring("transformer.".length());
            tensors.put(name, new Entry(name, entry.dtype(), entry.shape(), entry.data()));
          }
          tensors.put("h.0.attn.bias", floats("h.0.attn.bias", 1, 1, 8, 8));
          tensors.put("h.0.attn.masked_bias", floats("h.0.attn.masked_bias", 1));
        });
    assertThat(stored(convert(WeightType.F32), "token_embd.weight")).isEqualTo(embedding);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void describesAGptNeox(boolean parallel) {
    write(Family.GPT_NEOX);
    ModelEdit.json(directory, "config.json", c -> c.put("use_parallel_residual", parallel));
    GgufFile file = convert(WeightType.F32);
    assertThat(file.string("general.architecture")).hasValue("gptneox");
    assertThat(file.integer("gptneox.context_length")).hasValue(TinyModel.CONTEXT);
    assertThat(file.integer("gptneox.embedding_length")).hasValue(TinyModel.HIDDEN);
    assertThat(file.integer("gptneox.block_count")).hasValue(TinyModel.LAYERS);
    assertThat(file.integer("gptneox.feed_forward_length")).hasValue(TinyModel.FFN);
    assertThat(file.integer("gptneox.attention.head_count")).hasValue(TinyModel.HEADS);
    assertThat(file.integer("gptneox.rope.dimension_count")).hasValue(HEAD / 2);
    assertThat(file.real("gptneox.rope.freq_base")).hasValue(10_000);
    assertThat(file.real("gptneox.attention.layer_norm_epsilon").getAsDouble())
        .isCloseTo(1e-5, within(1e-11));
    assertThat(file.bool("gptneox.use_parallel_residual")).hasValue(parallel);
  }

  @Test
  void gathersGptNeoxsQueriesKeysAndValuesOfAllHeads() throws IOException {
    write(Family.GPT_NEOX);
    float[] published = source(QKV + ".weight");
    float[] publishedBias = source(QKV + ".bias");
    GgufFile file = convert(WeightType.F32);
    float[] converted = stored(file, "blk.1.attn_qkv.weight");
    float[] convertedBias = stored(file, "blk.1.attn_qkv.bias");
    assertThat(dims(file, "blk.1.attn_qkv.weight"))
        .containsExactly((long) TinyModel.HIDDEN, 3L * TinyModel.HIDDEN);
    assertThat(dims(file, "blk.1.attn_qkv.bias")).containsExactly(3L * TinyModel.HIDDEN);
    for (int part = 0; part < 3; part++) {
      for (int head = 0; head < TinyModel.HEADS; head++) {
        for (int i = 0; i < HEAD; i++) {
          int to = (part * TinyModel.HEADS + head) * HEAD + i;
          int from = (head * 3 + part) * HEAD + i;
          assertThat(row(converted, to)).isEqualTo(row(published, from));
          assertThat(convertedBias[to]).isEqualTo(publishedBias[from]);
        }
      }
    }
  }

  @Test
  void keepsGptNeoxsOtherTensors() throws IOException {
    write(Family.GPT_NEOX);
    GgufFile file = convert(WeightType.F32);
    String layer = "gpt_neox.layers.0.";
    for (String[] pair :
        new String[][] {
          {"gpt_neox.embed_in.weight", "token_embd.weight"},
          {layer + "input_layernorm.weight", "blk.0.attn_norm.weight"},
          {layer + "input_layernorm.bias", "blk.0.attn_norm.bias"},
          {layer + "attention.dense.weight", "blk.0.attn_output.weight"},
          {layer + "attention.dense.bias", "blk.0.attn_output.bias"},
          {layer + "post_attention_layernorm.weight", "blk.0.ffn_norm.weight"},
          {layer + "post_attention_layernorm.bias", "blk.0.ffn_norm.bias"},
          {layer + "mlp.dense_h_to_4h.weight", "blk.0.ffn_up.weight"},
          {layer + "mlp.dense_h_to_4h.bias", "blk.0.ffn_up.bias"},
          {layer + "mlp.dense_4h_to_h.weight", "blk.0.ffn_down.weight"},
          {layer + "mlp.dense_4h_to_h.bias", "blk.0.ffn_down.bias"},
          {"gpt_neox.final_layer_norm.weight", "output_norm.weight"},
          {"gpt_neox.final_layer_norm.bias", "output_norm.bias"},
          {"embed_out.weight", "output.weight"}
        }) {
      assertThat(stored(file, pair[1])).as(pair[1]).isEqualTo(source(pair[0]));
    }
  }

  @Test
  void writesZerosForTheBiasesThatGptNeoxsAttentionLacks() {
    write(Family.GPT_NEOX);
    ModelEdit.json(directory, "config.json", c -> c.put("attention_bias", false));
    ModelEdit.tensors(
        directory,
        tensors -> tensors.keySet().removeIf(n -> n.matches(".*\\.attention\\..*\\.bias")));
    GgufFile file = convert(WeightType.F16);
    assertThat(stored(file, "blk.1.attn_qkv.bias")).isEqualTo(new float[3 * TinyModel.HIDDEN]);
    assertThat(stored(file, "blk.0.attn_output.bias")).isEqualTo(new float[TinyModel.HIDDEN]);
  }

  @Test
  void writesGptNeoxsTiedHeadOut() throws IOException {
    write(Family.GPT_NEOX);
    ModelEdit.json(directory, "config.json", c -> c.put("tie_word_embeddings", true));
    ModelEdit.tensors(directory, tensors -> tensors.remove("embed_out.weight"));
    assertThat(stored(convert(WeightType.F32), "output.weight"))
        .isEqualTo(source("gpt_neox.embed_in.weight"));
  }

  @Test
  void acceptsTheTablesThatOldGptNeoxFoldersCarry() {
    write(Family.GPT_NEOX);
    String attention = "gpt_neox.layers.1.attention.";
    ModelEdit.tensors(
        directory,
        tensors -> {
          tensors.put(attention + "bias", floats(attention + "bias", 1, 1, 8, 8));
          tensors.put(attention + "masked_bias", floats(attention + "masked_bias", 1));
          String frequencies = attention + "rotary_emb.inv_freq";
          tensors.put(frequencies, floats(frequencies, HEAD / 4));
        });
    assertThat(convert(WeightType.F32).tensors()).hasSize(4 + 12 * TinyModel.LAYERS);
  }

  @Test
  void namesTheDefectsOfAGptNeoxsTensors() {
    write(Family.GPT_NEOX);
    ModelEdit.tensors(
        directory,
        tensors -> {
          tensors.put(QKV + ".weight", floats(QKV + ".weight", 64, TinyModel.HIDDEN));
          tensors.remove(QKV + ".bias");
          tensors.remove("embed_out.weight");
          tensors.put("lm_head.weight", floats("lm_head.weight", 2, 2));
        });
    assertThatThrownBy(() -> convert(WeightType.F32))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll(
            "\"" + QKV + ".weight\" has shape [64, 32], expected [96, 32]",
            "\"" + QKV + ".bias\" is missing",
            "\"embed_out.weight\" is missing",
            "\"lm_head.weight\" is no tensor of a GPT_NEOX model");
  }

  @Test
  void refusesAttentionBiasesThatGptNeoxsConfigurationDenies() {
    write(Family.GPT_NEOX);
    ModelEdit.json(directory, "config.json", c -> c.put("attention_bias", false));
    assertThatThrownBy(() -> convert(WeightType.F32))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("\"" + QKV + ".bias\" is no tensor of a GPT_NEOX model");
  }

  @Test
  void writesATiedGptNeoxHeadThatDiffersFromTheEmbedding() throws IOException {
    write(Family.GPT_NEOX);
    float[] head = source("embed_out.weight");
    ModelEdit.json(directory, "config.json", c -> c.put("tie_word_embeddings", true));
    assertThat(stored(convert(WeightType.F32), "output.weight")).isEqualTo(head);
  }

  @Test
  void storesMatricesInTheWantedTypeAndVectorsAsFloats() throws IOException {
    write(Family.LLAMA);
    float[] published = source("model.layers.0.mlp.up_proj.weight");
    for (WeightType wanted : WeightType.values()) {
      GgufFile file = convert(wanted);
      GgufType matrices = // rows of 32 are no block of 256
          wanted == WeightType.Q4_K ? GgufType.Q8_0 : GgufType.valueOf(wanted.name());
      assertThat(type(file, "blk.0.ffn_up.weight")).isEqualTo(matrices);
      assertThat(type(file, "token_embd.weight")).isEqualTo(matrices);
      assertThat(type(file, "blk.0.attn_norm.weight")).isEqualTo(GgufType.F32);
      float[] converted = stored(file, "blk.0.ffn_up.weight");
      float largest = 0;
      for (float value : published) {
        largest = Math.max(largest, Math.abs(value));
      }
      float tolerance =
          switch (wanted) {
            case F32, F16, Q8_0, Q4_K -> 0.01f;
            case Q4_0, Q4_1 -> largest / 8 * 1.01f; // one step
          };
      for (int i = 0; i < published.length; i++) {
        assertThat(converted[i]).isCloseTo(published[i], within(tolerance));
      }
    }
  }

  @Test
  void fallsBackToHalfPrecisionWhereBlocksDoNotFit() {
    write(Family.LLAMA);
    ModelEdit.json(directory, "config.json", c -> c.put("intermediate_size", 48));
    ModelEdit.tensors(
        directory,
        tensors -> {
          for (int i = 0; i < TinyModel.LAYERS; i++) {
            String mlp = "model.layers." + i + ".mlp.";
            for (String name : List.of("gate_proj.weight", "up_proj.weight")) {
              tensors.put(mlp + name, floats(mlp + name, 48, TinyModel.HIDDEN));
            }
            String down = mlp + "down_proj.weight";
            tensors.put(down, floats(down, TinyModel.HIDDEN, 48));
          }
        });
    for (WeightType wanted : List.of(WeightType.Q8_0, WeightType.Q4_0, WeightType.Q4_1)) {
      GgufFile file = convert(wanted);
      assertThat(type(file, "blk.0.ffn_down.weight")).isEqualTo(GgufType.F16);
      assertThat(type(file, "blk.0.ffn_up.weight").name()).isEqualTo(wanted.name());
    }
  }

  @ParameterizedTest
  @CsvSource({"F32, 0", "F16, 1", "Q4_0, 2", "Q4_1, 3", "Q8_0, 7", "Q4_K, 14"})
  void saysTheFilesTypeInLlamaCppsNumbers(WeightType wanted, long number) {
    write(Family.LLAMA);
    assertThat(convert(wanted).integer("general.file_type")).hasValue(number);
  }

  @Test
  void writesLinearScaling() {
    write(Family.LLAMA);
    ModelEdit.json(
        directory,
        "config.json",
        c -> c.putObject("rope_scaling").put("rope_type", "linear").put("factor", 4.0));
    GgufFile file = convert(WeightType.F32);
    assertThat(file.string("llama.rope.scaling.type")).hasValue("linear");
    assertThat(file.real("llama.rope.scaling.factor")).hasValue(4);
  }

  @Test
  void writesLlama3ScalingAsDivisors() throws IOException {
    write(Family.LLAMA);
    ModelEdit.json(
        directory,
        "config.json",
        c ->
            c.putObject("rope_scaling")
                .put("rope_type", "llama3")
                .put("factor", 8.0)
                .put("low_freq_factor", 1.0)
                .put("high_freq_factor", 4.0)
                .put("original_max_position_embeddings", 64));
    GgufFile file = convert(WeightType.F16);
    assertThat(type(file, "rope_freqs.weight")).isEqualTo(GgufType.F32);
    assertThat(stored(file, "rope_freqs.weight"))
        .isEqualTo(
            Floats.toArray(
                Doubles.asList(new RopeScaling.Llama3(8, 1, 4, 64).divisors(HEAD, 10_000))));
  }

  @Test
  void givesAMemoryNoTokenizer() {
    write(Family.LLAMA);
    Path out = directory.resolve("memory.gguf");
    GgufConverter.convertMemory(directory, out, WeightType.F32);
    GgufFile file = GgufFile.read(out);
    assertThat(file.string("tokenizer.ggml.model")).hasValue("none");
    assertThat(file.metadata()).doesNotContainKey("tokenizer.ggml.tokens");
    assertThat(file.integer("llama.vocab_size")).hasValue(width());
  }

  @Test
  void givesTheSameBytesForTheSameFolderWholeOrInShards() throws IOException {
    write(Family.LLAMA);
    convert(WeightType.F16);
    byte[] whole = Files.readAllBytes(directory.resolve("out.gguf"));
    ModelEdit.shard(directory);
    convert(WeightType.F16);
    assertThat(Files.readAllBytes(directory.resolve("out.gguf"))).isEqualTo(whole);
  }

  @Test
  void widensOtherPrecisions() throws IOException {
    write(Family.LLAMA);
    float[] published = source("model.norm.weight");
    ModelEdit.tensors(
        directory,
        tensors -> {
          ByteBuffer halves =
              ByteBuffer.allocate(2 * published.length).order(ByteOrder.LITTLE_ENDIAN);
          for (float value : published) {
            halves.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
          }
          tensors.put(
              "model.norm.weight",
              new Entry(
                  "model.norm.weight",
                  Dtype.BF16,
                  List.of((long) published.length),
                  MemorySegment.ofArray(halves.array())));
        });
    float[] stored = stored(convert(WeightType.F32), "output_norm.weight");
    for (int i = 0; i < stored.length; i++) {
      assertThat(stored[i]).isCloseTo(published[i], within(0.01f));
    }
  }

  @Test
  void namesEveryTensorThatIsMissingMisshapenUnreadableOrTooMany() {
    write(Family.LLAMA);
    ModelEdit.tensors(
        directory,
        tensors -> {
          tensors.remove("model.norm.weight");
          tensors.remove(QUERY + ".weight");
          String up = "model.layers.0.mlp.up_proj.weight";
          tensors.put(up, floats(up, 3, 5));
          String norm = "model.layers.0.input_layernorm.weight";
          tensors.put(
              norm,
              new Entry(
                  norm,
                  Dtype.F8_E4M3,
                  List.of((long) TinyModel.HIDDEN),
                  MemorySegment.ofArray(new byte[TinyModel.HIDDEN])));
          tensors.put("adapter.weight", floats("adapter.weight", 2));
        });
    assertThatThrownBy(() -> convert(WeightType.F32))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll(
            directory.toString(),
            "\"model.norm.weight\" is missing",
            "\"" + QUERY + ".weight\" is missing",
            "up_proj.weight\" has shape [3, 5], expected [64, 32]",
            "input_layernorm.weight\" is stored as F8_E4M3",
            "\"adapter.weight\" is no tensor of a LLAMA model");
    assertThat(directory.resolve("out.gguf")).doesNotExist();
  }

  @Test
  void refusesBiasesThatTheConfigurationDoesNotName() {
    write(Family.LLAMA);
    addAttentionBiases();
    ModelEdit.json(directory, "config.json", c -> c.remove("attention_bias"));
    assertThatThrownBy(() -> convert(WeightType.F32))
        .hasMessageContaining("\"" + QUERY + ".bias\" is no tensor of a LLAMA model");
  }

  @Test
  void skipsATiedHeadStoredTwice() {
    write(Family.MISTRAL);
    copyEmbeddingToHead(tensors -> {});
    assertThat(convert(WeightType.F32).tensors()).doesNotContainKey("output.weight");
  }

  @Test
  void writesATiedHeadThatDiffersFromTheEmbedding() throws IOException {
    write(Family.MISTRAL);
    copyEmbeddingToHead(
        tensors -> {
          Entry head = Objects.requireNonNull(tensors.get("lm_head.weight"));
          MemorySegment other = MemorySegment.ofArray(new byte[(int) head.data().byteSize()]);
          tensors.put("lm_head.weight", new Entry(head.name(), head.dtype(), head.shape(), other));
        });
    assertThat(stored(convert(WeightType.F32), "output.weight")).containsOnly(0);
  }

  @Test
  void namesTheTensorWithANumberThatHalfPrecisionCannotHold() {
    write(Family.LLAMA);
    String up = "model.layers.0.mlp.up_proj.weight";
    var values = new float[TinyModel.FFN * TinyModel.HIDDEN];
    values[5] = 1e6f;
    ModelEdit.tensors(
        directory,
        tensors ->
            tensors.put(
                up, Entry.of(up, List.of((long) TinyModel.FFN, (long) TinyModel.HIDDEN), values)));
    assertThatThrownBy(() -> convert(WeightType.F16))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("tensor \"" + up + "\"", "1000000.0", "F16");
    assertThat(directory.resolve("out.gguf")).doesNotExist();
    assertThat(convert(WeightType.F32).tensors()).isNotEmpty();
  }

  @Test
  void refusesPickledWeights() throws IOException {
    write(Family.LLAMA);
    Files.move(directory.resolve("model.safetensors"), directory.resolve("pytorch_model.bin"));
    assertThatThrownBy(() -> convert(WeightType.F32))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("pytorch_model.bin", "safe_serialization=True");
  }

  private void write(Family family) {
    TinyModel.write(directory, family, 1);
  }

  private GgufFile convert(WeightType type) {
    Path out = directory.resolve("out.gguf");
    GgufConverter.convertHost(directory, out, type);
    return GgufFile.read(out);
  }

  private long width() {
    return HuggingFaceConfig.read(directory).vocabulary();
  }

  private float[] source(String name) {
    try (TensorSource weights = TensorSource.openDirectory(directory)) {
      TensorInfo info = Objects.requireNonNull(weights.tensors().get(name), name);
      var values = new float[(int) info.elements()];
      FloatReader.read(info.dtype(), weights.data(name), 0, values, values.length);
      return values;
    }
  }

  private static float[] row(float[] matrix, int row) {
    return Arrays.copyOfRange(matrix, row * TinyModel.HIDDEN, (row + 1) * TinyModel.HIDDEN);
  }

  private static GgufTensor tensor(GgufFile file, String name) {
    return Objects.requireNonNull(file.tensors().get(name), name);
  }

  private static GgufType type(GgufFile file, String name) {
    return tensor(file, name).type();
  }

  private static List<Long> dims(GgufFile file, String name) {
    return tensor(file, name).dims();
  }

  private static float[] stored(GgufFile file, String name) {
    return GgufNumbers.read(file, name);
  }

  private static Entry floats(String name, int... dims) {
    var values = new float[Arrays.stream(dims).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < values.length; i++) {
      values[i] = 0.01f * (i % 97);
    }
    return Entry.of(name, Arrays.stream(dims).mapToObj(d -> (long) d).toList(), values);
  }

  private void addAttentionBiases() {
    ModelEdit.json(directory, "config.json", c -> c.put("attention_bias", true));
    ModelEdit.tensors(
        directory,
        tensors -> {
          for (int i = 0; i < TinyModel.LAYERS; i++) {
            for (String part : List.of("q", "k", "v", "o")) {
              String name = "model.layers.%d.self_attn.%s_proj.bias".formatted(i, part);
              boolean narrow = part.equals("k") || part.equals("v");
              tensors.put(
                  name, floats(name, narrow ? TinyModel.KV_HEADS * HEAD : TinyModel.HIDDEN));
            }
          }
        });
  }

  private void copyEmbeddingToHead(Consumer<Map<String, Entry>> edit) {
    ModelEdit.tensors(
        directory,
        tensors -> {
          Entry embedding = Objects.requireNonNull(tensors.get("model.embed_tokens.weight"));
          tensors.put(
              "lm_head.weight",
              new Entry("lm_head.weight", embedding.dtype(), embedding.shape(), embedding.data()));
          edit.accept(tensors);
        });
  }
}
