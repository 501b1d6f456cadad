package dev.mneme.benchmarks;

import dev.mneme.store.gguf.GgufType;
import dev.mneme.store.gguf.GgufWriter;
import dev.mneme.store.gguf.RowEncoder;
import dev.mneme.store.hf.MlpGgufNames;
import dev.mneme.store.hf.MlpShape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Writes GGUF models of published shapes with random weights: right for timing, good for nothing
 * else.
 */
record RandomModel(int hidden, int layers, int heads, int kvHeads, int ffn) {

  static final int VOCABULARY = 151_936;

  /** The shape of Qwen2.5-0.5B. */
  static final RandomModel HALF_BILLION = new RandomModel(896, 24, 14, 2, 4864);

  /** The shape of Qwen2.5-1.5B. */
  static final RandomModel ONE_AND_A_HALF_BILLION = new RandomModel(1536, 28, 12, 2, 8960);

  /** 120 million weights, about GPT-2 small's size. */
  static final MlpShape MLP_120M =
      new MlpShape(MlpShape.Style.MISTRAL, 1024, 1024, 4096, 7, 32_000, 1e-5, false);

  /** 1 billion weights, as wide as Mistral-7B and with its vocabulary. */
  static final MlpShape MLP_1B =
      new MlpShape(MlpShape.Style.MISTRAL, 4096, 4096, 11_264, 6, 32_768, 1e-5, false);

  void write(Path file, GgufType type) {
    var gguf = new GgufWriter();
    long keys = (long) kvHeads * hidden / heads;
    gguf.put("general.architecture", "qwen2")
        .putUint32("qwen2.context_length", 1024)
        .putUint32("qwen2.embedding_length", hidden)
        .putUint32("qwen2.block_count", layers)
        .putUint32("qwen2.feed_forward_length", ffn)
        .putUint32("qwen2.attention.head_count", heads)
        .putUint32("qwen2.attention.head_count_kv", kvHeads)
        .putFloat32("qwen2.attention.layer_norm_rms_epsilon", 1e-6f)
        .putFloat32("qwen2.rope.freq_base", 1e6f);
    putTokenizer(gguf);
    add(gguf, "token_embd.weight", type, hidden, VOCABULARY);
    add(gguf, "output_norm.weight", GgufType.F32, hidden, 1);
    for (int i = 0; i < layers; i++) {
      String block = "blk." + i + ".";
      add(gguf, block + "attn_norm.weight", GgufType.F32, hidden, 1);
      add(gguf, block + "ffn_norm.weight", GgufType.F32, hidden, 1);
      add(gguf, block + "attn_q.weight", type, hidden, hidden);
      add(gguf, block + "attn_q.bias", GgufType.F32, hidden, 1);
      add(gguf, block + "attn_k.weight", type, hidden, keys);
      add(gguf, block + "attn_k.bias", GgufType.F32, keys, 1);
      add(gguf, block + "attn_v.weight", type, hidden, keys);
      add(gguf, block + "attn_v.bias", GgufType.F32, keys, 1);
      add(gguf, block + "attn_output.weight", type, hidden, hidden);
      add(gguf, block + "ffn_gate.weight", type, hidden, ffn);
      add(gguf, block + "ffn_up.weight", type, hidden, ffn);
      add(gguf, block + "ffn_down.weight", type, ffn, hidden);
    }
    gguf.write(file);
  }

  /** Writes an MLP Memory as it is derived from a pack. */
  static void writeMlp(Path file, MlpShape shape, GgufType type) {
    var gguf = new GgufWriter();
    gguf.put("general.architecture", "mneme-mlp");
    for (MlpShape.Tensor tensor : shape.tensors()) {
      List<Long> dims = MlpGgufNames.dimsOf(tensor);
      add(
          gguf,
          MlpGgufNames.nameOf(tensor),
          tensor.isMatrix() ? type : GgufType.F32,
          dims.getFirst(),
          tensor.isMatrix() ? dims.get(1) : 1);
    }
    gguf.write(file);
  }

  /** Names for every id, so that both models speak alike. */
  private static void putTokenizer(GgufWriter gguf) {
    List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    for (int b = 0; b < 256; b++) {
      tokens.add("<0x%02X>".formatted(b));
    }
    while (tokens.size() < VOCABULARY) {
      tokens.add("t" + tokens.size());
    }
    int[] types = Collections.nCopies(VOCABULARY, 1).stream().mapToInt(type -> type).toArray();
    java.util.Arrays.fill(types, 0, 3, 3);
    java.util.Arrays.fill(types, 3, 259, 6);
    gguf.put("tokenizer.ggml.model", "llama")
        .putStrings("tokenizer.ggml.tokens", tokens)
        .putFloats("tokenizer.ggml.scores", new float[VOCABULARY])
        .putInts("tokenizer.ggml.token_type", types)
        .putUint32("tokenizer.ggml.bos_token_id", 1)
        .putUint32("tokenizer.ggml.eos_token_id", 2);
  }

  private static void add(GgufWriter gguf, String name, GgufType type, long length, long rows) {
    List<Long> dims = rows == 1 ? List.of(length) : List.of(length, rows);
    gguf.addTensor(
        name,
        type,
        dims,
        out -> {
          var random = new Random(name.hashCode());
          float[] row = new float[(int) length];
          for (int i = 0; i < row.length; i++) {
            row[i] = (float) (0.02 * random.nextGaussian());
          }
          ByteBuffer bytes =
              ByteBuffer.allocate((int) type.rowBytes(length)).order(ByteOrder.LITTLE_ENDIAN);
          for (long r = 0; r < rows; r++) {
            // The same numbers, moved on by one each row: random enough to time, quick to make.
            float first = row[0];
            System.arraycopy(row, 1, row, 0, row.length - 1);
            row[row.length - 1] = first;
            RowEncoder.encode(type, row, row.length, bytes.clear());
            GgufWriter.writeFully(out, bytes.flip());
          }
        });
  }
}
