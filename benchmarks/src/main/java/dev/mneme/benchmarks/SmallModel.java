package dev.mneme.benchmarks;

import dev.mneme.store.gguf.ByteLevelAlphabet;
import dev.mneme.store.gguf.GgufType;
import dev.mneme.store.gguf.GgufWriter;
import dev.mneme.store.gguf.RowEncoder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * A valid GGUF model of some ten kilobytes of metadata and random weights, of each kind that Mneme
 * converts to: something to damage. It carries the optional keys of real files too.
 */
enum SmallModel {
  /** SentencePiece tokenizer, 32-bit weights. */
  LLAMA(GgufType.F32, false),
  /** Byte-level tokenizer, 16-bit weights, biases. */
  QWEN2(GgufType.F16, true),
  /** Byte-level tokenizer, 8-bit weights, learned positions, norms with biases. */
  GPT2(GgufType.Q8_0, true);

  private static final int HIDDEN = 32;
  private static final int FFN = 64;
  private static final int HEADS = 4;
  private static final int KEYS = HIDDEN / 2;
  private static final int CONTEXT = 64;
  private static final int BLOCKS = 2;
  private static final int CONTROL = 3;
  private static final int BYTE = 6;

  private final GgufType type;
  private final boolean byteLevel;

  SmallModel(GgufType type, boolean byteLevel) {
    this.type = type;
    this.byteLevel = byteLevel;
  }

  void write(Path file) {
    var gguf = new GgufWriter();
    String arch = name().toLowerCase(Locale.ROOT);
    gguf.put("general.architecture", arch)
        .put("general.name", "small")
        .putUint32("general.quantization_version", 2)
        .putUint32(arch + ".context_length", CONTEXT)
        .putUint32(arch + ".embedding_length", HIDDEN)
        .putUint32(arch + ".block_count", BLOCKS)
        .putUint32(arch + ".feed_forward_length", FFN)
        .putUint32(arch + ".attention.head_count", HEADS);
    if (this == GPT2) {
      gguf.putFloat32(arch + ".attention.layer_norm_epsilon", 1e-5f);
    } else {
      gguf.putUint32(arch + ".attention.head_count_kv", HEADS / 2)
          .putUint32(arch + ".attention.key_length", HIDDEN / HEADS)
          .putUint32(arch + ".attention.value_length", HIDDEN / HEADS)
          .putFloat32(arch + ".attention.layer_norm_rms_epsilon", 1e-6f)
          .putUint32(arch + ".rope.dimension_count", HIDDEN / HEADS)
          .putFloat32(arch + ".rope.freq_base", 1e4f)
          .put(arch + ".rope.scaling.type", "linear")
          .putFloat32(arch + ".rope.scaling.factor", 2)
          .putUint32(arch + ".expert_count", 0)
          .putUint32(arch + ".expert_used_count", 0);
    }
    int vocabulary = putTokenizer(gguf);
    if (this == GPT2) {
      addGpt2(gguf, vocabulary);
    } else {
      addLlama(gguf, vocabulary);
    }
    gguf.write(file);
  }

  /** Adds the tokenizer's keys and tells how many tokens there are. */
  private int putTokenizer(GgufWriter gguf) {
    var tokens = new ArrayList<String>(List.of("<unk>", "<s>", "</s>"));
    for (int b = 0; b < 256; b++) {
      tokens.add(
          byteLevel ? ByteLevelAlphabet.toSymbols(new byte[] {(byte) b}) : "<0x%02X>".formatted(b));
    }
    List<String> pieces =
        byteLevel ? List.of("th", "the", "in") : List.of("\u2581", "t", "h", "e", "th", "the");
    tokens.addAll(pieces);
    int[] types = Collections.nCopies(tokens.size(), 1).stream().mapToInt(type -> type).toArray();
    java.util.Arrays.fill(types, 0, 3, CONTROL);
    if (!byteLevel) {
      java.util.Arrays.fill(types, 3, 259, BYTE);
    }
    gguf.put("tokenizer.ggml.model", byteLevel ? "gpt2" : "llama")
        .put("tokenizer.ggml.pre", byteLevel ? "gpt-2" : "default")
        .putStrings("tokenizer.ggml.tokens", tokens)
        .putInts("tokenizer.ggml.token_type", types)
        .putUint32("tokenizer.ggml.bos_token_id", 1)
        .putUint32("tokenizer.ggml.eos_token_id", 2)
        .putUint32("tokenizer.ggml.unknown_token_id", 0)
        .putUint32("tokenizer.ggml.padding_token_id", 0)
        .putBool("tokenizer.ggml.add_bos_token", true)
        .put("tokenizer.chat_template", "<|im_start|>");
    if (byteLevel) {
      gguf.putStrings("tokenizer.ggml.merges", List.of("t h", "th e", "i n"));
    } else {
      gguf.putFloats("tokenizer.ggml.scores", new float[tokens.size()]);
    }
    return tokens.size();
  }

  private void addLlama(GgufWriter gguf, int vocabulary) {
    add(gguf, "token_embd.weight", HIDDEN, vocabulary);
    for (int i = 0; i < BLOCKS; i++) {
      String block = "blk." + i + ".";
      add(gguf, block + "attn_norm.weight", HIDDEN, 0);
      add(gguf, block + "attn_q.weight", HIDDEN, HIDDEN);
      add(gguf, block + "attn_k.weight", HIDDEN, KEYS);
      add(gguf, block + "attn_v.weight", HIDDEN, KEYS);
      if (this == QWEN2) {
        add(gguf, block + "attn_q.bias", HIDDEN, 0);
        add(gguf, block + "attn_k.bias", KEYS, 0);
        add(gguf, block + "attn_v.bias", KEYS, 0);
      }
      add(gguf, block + "attn_output.weight", HIDDEN, HIDDEN);
      add(gguf, block + "ffn_norm.weight", HIDDEN, 0);
      add(gguf, block + "ffn_gate.weight", HIDDEN, FFN);
      add(gguf, block + "ffn_up.weight", HIDDEN, FFN);
      add(gguf, block + "ffn_down.weight", FFN, HIDDEN);
    }
    add(gguf, "output_norm.weight", HIDDEN, 0);
    add(gguf, "output.weight", HIDDEN, vocabulary);
  }

  private void addGpt2(GgufWriter gguf, int vocabulary) {
    add(gguf, "token_embd.weight", HIDDEN, vocabulary);
    add(gguf, "position_embd.weight", HIDDEN, CONTEXT);
    for (int i = 0; i < BLOCKS; i++) {
      String block = "blk." + i + ".";
      addWithBias(gguf, block + "attn_norm", HIDDEN, 0);
      addWithBias(gguf, block + "attn_qkv", HIDDEN, 3 * HIDDEN);
      addWithBias(gguf, block + "attn_output", HIDDEN, HIDDEN);
      addWithBias(gguf, block + "ffn_norm", HIDDEN, 0);
      addWithBias(gguf, block + "ffn_up", HIDDEN, FFN);
      addWithBias(gguf, block + "ffn_down", FFN, HIDDEN);
    }
    addWithBias(gguf, "output_norm", HIDDEN, 0);
    add(gguf, "output.weight", HIDDEN, vocabulary);
  }

  private void addWithBias(GgufWriter gguf, String name, int length, int rows) {
    add(gguf, name + ".weight", length, rows);
    add(gguf, name + ".bias", rows == 0 ? length : rows, 0);
  }

  /** Adds a matrix, or a 32-bit vector where there are no rows. */
  private void add(GgufWriter gguf, String name, int length, int rows) {
    GgufType stored = rows == 0 ? GgufType.F32 : type;
    List<Long> dims = rows == 0 ? List.of((long) length) : List.of((long) length, (long) rows);
    gguf.addTensor(
        name,
        stored,
        dims,
        out -> {
          var random = new Random(name.hashCode());
          float[] row = new float[length];
          ByteBuffer bytes =
              ByteBuffer.allocate((int) stored.rowBytes(length)).order(ByteOrder.LITTLE_ENDIAN);
          for (int r = 0; r < Math.max(1, rows); r++) {
            for (int i = 0; i < length; i++) {
              row[i] = (float) (0.3 * random.nextGaussian());
            }
            RowEncoder.encode(stored, row, length, bytes.clear());
            GgufWriter.writeFully(out, bytes.flip());
          }
        });
  }
}
