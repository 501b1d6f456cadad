package dev.mneme.llamacpp;

import dev.mneme.store.gguf.ByteLevelAlphabet;
import dev.mneme.store.gguf.GgufType;
import dev.mneme.store.gguf.GgufWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * A GGUF file of one small block around a byte-level vocabulary: ids 0 and 1 are marks, 2 to 257
 * the bytes, then "aa", "aaaa" and two blanks.
 */
final class ByteLevelHost {

  static final int BOS = 0;
  static final int FOUR_LETTERS = 259;
  static final int CONTEXT = 64;

  private static final int WIDTH = 8;
  private static final int CONTROL = 3;

  private ByteLevelHost() {}

  /**
   * Writes the file.
   *
   * @param pre how the library splits texts
   * @param more further keys
   */
  static Path write(Path file, String pre, Consumer<GgufWriter> more) {
    List<String> tokens = new ArrayList<>(List.of("<s>", "</s>"));
    for (int b = 0; b < 256; b++) {
      tokens.add(ByteLevelAlphabet.toSymbols(new byte[] {(byte) b}));
    }
    String blank = ByteLevelAlphabet.toSymbols(new byte[] {' '});
    tokens.addAll(List.of("aa", "aaaa", blank + blank));
    int[] types = new int[tokens.size()];
    Arrays.fill(types, 1);
    Arrays.fill(types, 0, 2, CONTROL);
    var gguf = new GgufWriter();
    gguf.put("general.architecture", "llama")
        .putUint32("llama.context_length", CONTEXT)
        .putUint32("llama.embedding_length", WIDTH)
        .putUint32("llama.block_count", 1)
        .putUint32("llama.feed_forward_length", WIDTH)
        .putUint32("llama.attention.head_count", 2)
        .putUint32("llama.attention.head_count_kv", 2)
        .putUint32("llama.rope.dimension_count", WIDTH / 2)
        .putFloat32("llama.attention.layer_norm_rms_epsilon", 1e-5f)
        .put("tokenizer.ggml.model", "gpt2")
        .put("tokenizer.ggml.pre", pre)
        .putStrings("tokenizer.ggml.tokens", tokens)
        .putInts("tokenizer.ggml.token_type", types)
        .putStrings("tokenizer.ggml.merges", List.of("a a", "aa aa", blank + " " + blank));
    more.accept(gguf);
    addTensor(gguf, "token_embd.weight", WIDTH, tokens.size());
    addTensor(gguf, "output_norm.weight", WIDTH, 1);
    for (String norm : List.of("attn_norm", "ffn_norm")) {
      addTensor(gguf, "blk.0." + norm + ".weight", WIDTH, 1);
    }
    for (String matrix :
        List.of("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")) {
      addTensor(gguf, "blk.0." + matrix + ".weight", WIDTH, WIDTH);
    }
    gguf.write(file);
    return file;
  }

  private static void addTensor(GgufWriter gguf, String name, long columns, int rows) {
    List<Long> dims = name.contains("norm") ? List.of(columns) : List.of(columns, (long) rows);
    ByteBuffer data =
        ByteBuffer.allocate(Math.toIntExact(columns * rows * Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    while (data.hasRemaining()) {
      data.putFloat((float) Math.sin(name.length() + data.position()));
    }
    data.flip();
    gguf.addTensor(name, GgufType.F32, dims, out -> GgufWriter.writeFully(out, data.duplicate()));
  }
}
