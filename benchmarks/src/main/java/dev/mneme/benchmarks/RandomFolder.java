package dev.mneme.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.store.gguf.ByteLevelAlphabet;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.SafeTensorsWriter;
import dev.mneme.store.safetensors.SafeTensorsWriter.Entry;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Writes a {@link RandomModel}'s shape as a Hugging Face folder with random weights in bfloat16:
 * right for timing, good for nothing else.
 */
final class RandomFolder {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final double SPREAD = 0.02;
  private static final int BYTES = 256;

  private final RandomModel shape;
  private final Arena arena;
  private final List<Entry> entries = new ArrayList<>();

  private RandomFolder(RandomModel shape, Arena arena) {
    this.shape = shape;
    this.arena = arena;
  }

  /** Writes the folder; its last file is the weights, so that one cut short has none. */
  static void write(Path folder, RandomModel shape) {
    try (Arena arena = Arena.ofConfined()) {
      Files.createDirectories(folder);
      MAPPER.writeValue(folder.resolve("config.json").toFile(), config(shape));
      MAPPER.writeValue(folder.resolve("tokenizer.json").toFile(), tokenizer());
      new RandomFolder(shape, arena).writeWeights(folder.resolve("model.safetensors"));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static ObjectNode config(RandomModel shape) {
    return MAPPER
        .createObjectNode()
        .put("model_type", "qwen2")
        .put("hidden_size", shape.hidden())
        .put("intermediate_size", shape.ffn())
        .put("num_hidden_layers", shape.layers())
        .put("num_attention_heads", shape.heads())
        .put("num_key_value_heads", shape.kvHeads())
        .put("max_position_embeddings", 1024)
        .put("rms_norm_eps", 1e-6)
        .put("rope_theta", 1e6)
        .put("vocab_size", RandomModel.VOCABULARY)
        .put("tie_word_embeddings", true)
        .put("use_sliding_window", false)
        .put("hidden_act", "silu");
  }

  /**
   * Byte-level, with the one merge that llama.cpp wants: nearly all ids of a text are its bytes.
   */
  private static ObjectNode tokenizer() {
    ObjectNode root = MAPPER.createObjectNode().put("version", "1.0");
    root.putArray("added_tokens");
    root.putObject("pre_tokenizer")
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", true);
    root.putObject("decoder")
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", true);
    ObjectNode model = root.putObject("model").put("type", "BPE");
    ObjectNode vocabulary = model.putObject("vocab");
    for (int b = 0; b < BYTES; b++) {
      vocabulary.put(ByteLevelAlphabet.toSymbols(new byte[] {(byte) b}), b);
    }
    for (int id = BYTES; id < RandomModel.VOCABULARY; id++) {
      vocabulary.put(id == BYTES ? "th" : "t" + id, id);
    }
    model.putArray("merges").add("t h");
    return root;
  }

  private void writeWeights(Path file) {
    long hidden = shape.hidden();
    long keys = shape.kvHeads() * hidden / shape.heads();
    add("model.embed_tokens.weight", RandomModel.VOCABULARY, hidden);
    add("model.norm.weight", hidden);
    for (int i = 0; i < shape.layers(); i++) {
      String block = "model.layers." + i + ".";
      add(block + "input_layernorm.weight", hidden);
      add(block + "post_attention_layernorm.weight", hidden);
      add(block + "self_attn.q_proj.weight", hidden, hidden);
      add(block + "self_attn.q_proj.bias", hidden);
      add(block + "self_attn.k_proj.weight", keys, hidden);
      add(block + "self_attn.k_proj.bias", keys);
      add(block + "self_attn.v_proj.weight", keys, hidden);
      add(block + "self_attn.v_proj.bias", keys);
      add(block + "self_attn.o_proj.weight", hidden, hidden);
      add(block + "mlp.gate_proj.weight", shape.ffn(), hidden);
      add(block + "mlp.up_proj.weight", shape.ffn(), hidden);
      add(block + "mlp.down_proj.weight", hidden, shape.ffn());
    }
    SafeTensorsWriter.write(file, Map.of(), entries);
  }

  private void add(String name, Long... dims) {
    List<Long> size = List.of(dims);
    long numbers = size.stream().reduce(1L, Math::multiplyExact);
    MemorySegment data = arena.allocate(numbers * Short.BYTES, Short.BYTES);
    var random = new Random(name.hashCode());
    short[] some = new short[8191]; // a prime, so that rows near each other differ
    for (int i = 0; i < some.length; i++) {
      some[i] =
          (short)
              (Float.floatToRawIntBits((float) (SPREAD * random.nextGaussian())) >>> Short.SIZE);
    }
    for (long at = 0; at < numbers; at += some.length) {
      int count = (int) Math.min(some.length, numbers - at);
      MemorySegment.copy(some, 0, data, ValueLayout.JAVA_SHORT, at * Short.BYTES, count);
    }
    entries.add(new Entry(name, Dtype.BF16, size, data));
  }

  private void add(String name, long rows, long columns) {
    add(name, new Long[] {rows, columns});
  }
}
