package dev.mneme.benchmarks.schema;

import dev.mneme.store.gguf.GgufType;
import dev.mneme.store.gguf.RowEncoder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Small valid models of random weights, one for each architecture that the fuzzer starts from. */
enum BaseModel {
  LLAMA(GgufType.F32, 2),
  /** A llama with heads of their own length, as Mistral's, and a sliding window that is ignored. */
  MISTRAL(GgufType.Q8_0, 2),
  /** A llama with four experts in each block. */
  MIXTRAL(GgufType.F16, 2),
  QWEN2(GgufType.F16, 2),
  GPT2(GgufType.Q8_0, 2),
  GPTNEOX(GgufType.F16, 2),
  GEMMA3(GgufType.F32, 6),
  PHI3(GgufType.F16, 2),
  FALCON(GgufType.F16, 2),
  BLOOM(GgufType.F32, 2),
  STARCODER2(GgufType.F16, 2);

  static final int WIDTH = 32;
  private static final int FEED_FORWARD = 64;
  private static final int HEADS = 4;
  private static final int PAIRS = 2;
  private static final int EXPERTS = 4;
  private static final int CONTEXT = 64;

  private final GgufType type;
  private final int blocks;

  BaseModel(GgufType type, int blocks) {
    this.type = type;
    this.blocks = blocks;
  }

  String architecture() {
    return switch (this) {
      case MISTRAL, MIXTRAL -> "llama";
      default -> name().toLowerCase(Locale.ROOT);
    };
  }

  /** Elements of a head. */
  private int head() {
    return this == MISTRAL || this == GEMMA3 ? 16 : WIDTH / HEADS;
  }

  private int queries() {
    return HEADS * head();
  }

  private int keys() {
    return pairs() * head();
  }

  private int pairs() {
    return switch (this) {
      case GPT2, GPTNEOX, BLOOM -> HEADS;
      case FALCON -> 1;
      default -> PAIRS;
    };
  }

  private boolean hasRmsNorms() {
    return switch (this) {
      case GPT2, GPTNEOX, FALCON, BLOOM, STARCODER2 -> false;
      default -> true;
    };
  }

  GgufDraft draft() {
    var draft = new GgufDraft();
    String arch = architecture() + ".";
    draft.put("general.architecture", RawValue.string(architecture()));
    draft.put("general.name", RawValue.string("small"));
    draft.put("general.file_type", number(1));
    draft.put("general.quantization_version", number(2));
    draft.put("general.alignment", number(32));
    draft.put(arch + "context_length", number(CONTEXT));
    draft.put(arch + "embedding_length", number(WIDTH));
    draft.put(arch + "block_count", number(blocks));
    draft.put(arch + "feed_forward_length", number(FEED_FORWARD));
    draft.put(arch + "attention.head_count", number(HEADS));
    draft.put(arch + "attention.head_count_kv", number(pairs()));
    draft.put(
        arch
            + (hasRmsNorms() ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon"),
        RawValue.real(RawValue.FLOAT32, 1e-5));
    addOwnKeys(draft, arch);
    int vocabulary = SmallTokenizer.put(draft, this == QWEN2 || !hasRmsNorms());
    addTensors(draft, vocabulary);
    return draft;
  }

  private static RawValue number(long value) {
    return RawValue.integer(RawValue.UINT32, value);
  }

  private void addOwnKeys(GgufDraft draft, String arch) {
    switch (this) {
      case GPT2, BLOOM -> {}
      case GPTNEOX -> {
        draft.put(arch + "rope.dimension_count", number(head() / 2));
        draft.put(arch + "use_parallel_residual", RawValue.bool(1));
      }
      default -> {
        draft.put(arch + "rope.dimension_count", number(head()));
        draft.put(arch + "rope.freq_base", RawValue.real(RawValue.FLOAT32, 1e4));
      }
    }
    switch (this) {
      case LLAMA, MISTRAL, GEMMA3 -> {
        draft.put(arch + "attention.key_length", number(head()));
        draft.put(arch + "attention.value_length", number(head()));
      }
      default -> {}
    }
    switch (this) {
      case LLAMA -> {
        draft.put(arch + "rope.scaling.type", RawValue.string("linear"));
        draft.put(arch + "rope.scaling.factor", RawValue.real(RawValue.FLOAT32, 2));
      }
      case MIXTRAL -> {
        draft.put(arch + "expert_count", number(EXPERTS));
        draft.put(arch + "expert_used_count", number(2));
      }
      case MISTRAL, GEMMA3, PHI3 -> draft.put(arch + "attention.sliding_window", number(16));
      default -> {}
    }
  }

  private void addTensors(GgufDraft draft, int vocabulary) {
    matrix(draft, "token_embd.weight", WIDTH, vocabulary);
    if (this == GPT2) {
      matrix(draft, "position_embd.weight", WIDTH, CONTEXT);
    }
    if (this == BLOOM) {
      norm(draft, "token_embd_norm");
    }
    for (int block = 0; block < blocks; block++) {
      String at = "blk." + block + ".";
      norm(draft, at + "attn_norm");
      addAttention(draft, at);
      if (this != FALCON) {
        norm(draft, at + "ffn_norm");
      }
      if (this == GEMMA3) {
        norm(draft, at + "post_attention_norm");
        norm(draft, at + "post_ffw_norm");
      }
      addFeedForward(draft, at);
    }
    norm(draft, "output_norm");
    if (this != GEMMA3) {
      matrix(draft, "output.weight", WIDTH, vocabulary);
    }
  }

  private void addAttention(GgufDraft draft, String at) {
    switch (this) {
      case GPT2, GPTNEOX, FALCON, BLOOM, PHI3 ->
          linear(draft, at + "attn_qkv", WIDTH, queries() + 2 * keys());
      default -> {
        linear(draft, at + "attn_q", WIDTH, queries());
        linear(draft, at + "attn_k", WIDTH, keys());
        linear(draft, at + "attn_v", WIDTH, keys());
      }
    }
    if (this == GEMMA3) {
      vector(draft, at + "attn_q_norm.weight", head());
      vector(draft, at + "attn_k_norm.weight", head());
    }
    if (this == QWEN2) {
      matrix(draft, at + "attn_output.weight", queries(), WIDTH);
    } else {
      linear(draft, at + "attn_output", queries(), WIDTH);
    }
  }

  private void addFeedForward(GgufDraft draft, String at) {
    switch (this) {
      case MIXTRAL -> {
        matrix(draft, at + "ffn_gate_inp.weight", WIDTH, EXPERTS);
        tensor(draft, at + "ffn_gate_exps.weight", type, WIDTH, FEED_FORWARD, EXPERTS);
        tensor(draft, at + "ffn_up_exps.weight", type, WIDTH, FEED_FORWARD, EXPERTS);
        tensor(draft, at + "ffn_down_exps.weight", type, FEED_FORWARD, WIDTH, EXPERTS);
      }
      case GPT2, GPTNEOX, FALCON, BLOOM, STARCODER2 -> {
        linear(draft, at + "ffn_up", WIDTH, FEED_FORWARD);
        linear(draft, at + "ffn_down", FEED_FORWARD, WIDTH);
      }
      case PHI3 -> {
        matrix(draft, at + "ffn_up.weight", WIDTH, 2 * FEED_FORWARD);
        matrix(draft, at + "ffn_down.weight", FEED_FORWARD, WIDTH);
      }
      default -> {
        matrix(draft, at + "ffn_gate.weight", WIDTH, FEED_FORWARD);
        matrix(draft, at + "ffn_up.weight", WIDTH, FEED_FORWARD);
        matrix(draft, at + "ffn_down.weight", FEED_FORWARD, WIDTH);
      }
    }
  }

  private void norm(GgufDraft draft, String name) {
    vector(draft, name + ".weight", WIDTH);
    if (!hasRmsNorms()) {
      vector(draft, name + ".bias", WIDTH);
    }
  }

  /** A matrix, with a bias where the architecture has them. */
  private void linear(GgufDraft draft, String name, int columns, int rows) {
    matrix(draft, name + ".weight", columns, rows);
    if (this == QWEN2 || (!hasRmsNorms() && this != FALCON)) {
      vector(draft, name + ".bias", rows);
    }
  }

  private void matrix(GgufDraft draft, String name, int columns, int rows) {
    tensor(draft, name, type, columns, rows);
  }

  private static void vector(GgufDraft draft, String name, int length) {
    tensor(draft, name, GgufType.F32, length);
  }

  private static void tensor(GgufDraft draft, String name, GgufType type, long... dims) {
    int columns = (int) dims[0];
    int rows = 1;
    for (int i = 1; i < dims.length; i++) {
      rows *= (int) dims[i];
    }
    var random = new Random(name.hashCode());
    ByteBuffer data =
        ByteBuffer.allocate((int) type.rowBytes(columns) * rows).order(ByteOrder.LITTLE_ENDIAN);
    float[] row = new float[columns];
    for (int r = 0; r < rows; r++) {
      for (int i = 0; i < columns; i++) {
        row[i] = (float) (0.3 * random.nextGaussian());
      }
      RowEncoder.encode(type, row, columns, data);
    }
    List<Long> shape = java.util.Arrays.stream(dims).boxed().toList();
    draft.tensors().add(new GgufDraft.Tensor(name, shape, type.id(), data.array()));
  }
}
