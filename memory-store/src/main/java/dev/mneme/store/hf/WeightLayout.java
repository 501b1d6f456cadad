package dev.mneme.store.hf;

import dev.mneme.MalformedFileException;
import dev.mneme.store.hf.Attention.Bias;
import dev.mneme.store.hf.Attention.Projection;
import dev.mneme.store.hf.Blocks.Kind;
import dev.mneme.store.hf.Blocks.Order;
import dev.mneme.store.safetensors.TensorInfo;
import dev.mneme.store.safetensors.TensorSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.regex.Pattern;

/**
 * Which tensors a model of a family has, with their shapes, and what becomes of each in GGUF. Names
 * on the GGUF side are those of llama.cpp's gguf-py constants.
 */
final class WeightLayout {

  /** How the rows of a tensor are rearranged on the way to GGUF. */
  enum Arrangement {
    AS_IS,
    /** Query and key rows, from half-rotation to interleaved rotary order within each head. */
    INTERLEAVED,
    /** A norm's weights, of which Gemma stores what they are above 1. */
    ONE_ADDED,
    /** A Conv1D matrix, stored {@code [in, out]} by GPT-2. */
    TRANSPOSED,
    /**
     * Rows of query, key and value, stored head after head by GPT-NeoX, to those of all queries,
     * then of all keys, then of all values.
     */
    PARTS_TOGETHER
  }

  /**
   * One tensor.
   *
   * @param source its full name, as the model with an output matrix has it
   * @param shape there, slowest dimension first
   * @param target name in GGUF
   * @param small whether it stays F32 whatever the type of the file: norms, biases, positions
   * @param scaled what its first rows, as the engine has them, are multiplied by
   */
  record Weight(
      String source,
      List<Long> shape,
      String target,
      Arrangement arrangement,
      boolean small,
      ScaledRows scaled) {

    Weight(String source, List<Long> shape, String target, Arrangement arrangement, boolean small) {
      this(source, shape, target, arrangement, small, ScaledRows.NONE);
    }

    Weight scaledBy(ScaledRows rows) {
      return new Weight(source, shape, target, arrangement, small, rows);
    }
  }

  /**
   * Rows that are multiplied on the way to GGUF, which carries a scale of attention that the
   * engine's graph lacks: that of the queries.
   *
   * @param count the first of them
   */
  record ScaledRows(int count, float factor) {
    static final ScaledRows NONE = new ScaledRows(0, 1);
  }

  /**
   * A bias that the network does not have and llama.cpp asks for.
   *
   * @param target name in GGUF
   * @param length its zeros
   */
  record NoBias(String target, long length) {}

  /** The norms by their names in GGUF, which all families share. */
  private static final Pattern NORM =
      Pattern.compile("(blk\\.\\d+\\.(attn|ffn)|output)_norm\\.(weight|bias)");

  private final HuggingFaceConfig config;
  private final DecoderShape shape;
  private final String embedding;
  private final String head;
  private final boolean headAlone;
  private final boolean tied;
  private final List<Weight> weights = new ArrayList<>();
  private final SequencedMap<String, String> stored = new LinkedHashMap<>();
  private final List<NoBias> noBiases = new ArrayList<>();

  /**
   * Decides which tensor is the output matrix as transformers does: of a tied model that stores
   * both, the head that differs from the embedding, and where only the head is stored, it is the
   * embedding too.
   */
  private WeightLayout(
      HuggingFaceConfig config,
      TensorSource source,
      TensorNames names,
      String embedding,
      String head) {
    boolean headStored = isStored(source, head);
    this.config = config;
    this.shape = config.shape();
    this.embedding = embedding;
    this.head = head;
    boolean calledTied = shape.embedding().tied();
    this.headAlone = calledTied && headStored && !isStored(source, names.of(embedding));
    this.tied =
        calledTied && (headAlone || !headStored || areEqual(source, names.of(embedding), head));
  }

  private static boolean isStored(TensorSource source, String name) {
    TensorInfo tensor = source.tensors().get(name);
    return tensor != null && tensor.elements() > 0;
  }

  private static boolean areEqual(TensorSource source, String one, String other) {
    return source.data(one).mismatch(source.data(other)) < 0;
  }

  /**
   * The layout for a configuration.
   *
   * @param source the tensors at hand, whose names may leave out that of the base model
   */
  static WeightLayout of(HuggingFaceConfig config, TensorSource source) {
    String base =
        switch (config.architecture()) {
          case GPT2 -> "transformer.";
          case GPT_NEOX -> "gpt_neox.";
          case LLAMA, MISTRAL, QWEN2, QWEN3, GEMMA3 -> "model.";
        };
    var names = new TensorNames(source.tensors().keySet(), base);
    WeightLayout layout =
        switch (config.architecture()) {
          case GPT2 -> {
            var gpt2 =
                new WeightLayout(config, source, names, base + "wte.weight", "lm_head.weight");
            gpt2.addGpt2(base);
            yield gpt2;
          }
          case GPT_NEOX -> {
            var neox =
                new WeightLayout(
                    config, source, names, base + "embed_in.weight", "embed_out.weight");
            neox.addGptNeox();
            yield neox;
          }
          case LLAMA, MISTRAL, QWEN2, QWEN3, GEMMA3 -> {
            var llama =
                new WeightLayout(
                    config, source, names, base + "embed_tokens.weight", "lm_head.weight");
            llama.addLlama();
            yield llama;
          }
        };
    layout.weights.forEach(weight -> layout.stored.put(weight.source(), names.of(weight.source())));
    if (layout.headAlone) {
      layout.stored.put(layout.embedding, layout.head);
    }
    return layout;
  }

  /** Whether the embedding is the output matrix too. */
  boolean tied() {
    return tied;
  }

  /** All tensors, in the order they are written. */
  List<Weight> weights() {
    return weights;
  }

  /** Full names by names in GGUF. */
  SequencedMap<String, String> sources() {
    var sources = new LinkedHashMap<String, String>();
    weights.forEach(weight -> sources.put(weight.target(), weight.source()));
    return sources;
  }

  /** Names in the SafeTensors files by full names. */
  SequencedMap<String, String> stored() {
    return stored;
  }

  private String stored(String full) {
    return stored.getOrDefault(full, full);
  }

  /** What is written beside them. */
  List<NoBias> noBiases() {
    return noBiases;
  }

  /** The tensors of all normalisations; all families' layouts name them in this order. */
  List<String> norms() {
    return weights.stream()
        .filter(weight -> NORM.matcher(weight.target()).matches())
        .map(Weight::source)
        .toList();
  }

  /**
   * Compares with the tensors of a folder.
   *
   * @throws MalformedFileException naming missing, misshapen, unreadable and extra tensors
   */
  void check(Path directory, TensorSource source) {
    var expected = new LinkedHashMap<String, List<Long>>();
    weights.forEach(weight -> expected.put(stored(weight.source()), weight.shape()));
    if (tied && isStored(source, head)) { // an equal copy, or in the embedding's place
      expected.put(head, List.of((long) config.vocabulary(), (long) config.hidden()));
    }
    TensorCheck.require(directory, expected, source, "a %s model".formatted(config.architecture()));
  }

  private void addLlama() {
    long hidden = config.hidden();
    long queries = shape.attention().heads().queryWidth();
    long keys = shape.attention().heads().keyValueWidth();
    // llama.cpp's llama graph rotates neighbouring pairs, those of the other families halves.
    Arrangement rotary =
        config.architecture().gguf().equals("llama") ? Arrangement.INTERLEAVED : Arrangement.AS_IS;
    Projection projection = shape.attention().projection();
    boolean qkvBias = projection.bias() != Bias.NONE;
    boolean fourNorms = shape.blocks().order() == Order.FOUR_NORMS;
    int headWidth = shape.attention().heads().width();
    int ffn = shape.feedForward().width();
    addMatrix(embedding, config.vocabulary(), hidden, "token_embd");
    for (int i = 0; i < config.layers(); i++) {
      String from = "model.layers." + i + ".";
      String to = "blk." + i + ".";
      addRmsNorm(from + "input_layernorm", hidden, to + "attn_norm");
      addProjection(from + "self_attn.q_proj", queries, hidden, to + "attn_q", rotary, qkvBias);
      addProjection(from + "self_attn.k_proj", keys, hidden, to + "attn_k", rotary, qkvBias);
      if (projection.normed()) {
        addRmsNorm(from + "self_attn.q_norm", headWidth, to + "attn_q_norm");
        addRmsNorm(from + "self_attn.k_norm", headWidth, to + "attn_k_norm");
      }
      addProjection(
          from + "self_attn.v_proj", keys, hidden, to + "attn_v", Arrangement.AS_IS, qkvBias);
      addProjection(
          from + "self_attn.o_proj",
          hidden,
          queries,
          to + "attn_output",
          Arrangement.AS_IS,
          projection.bias() == Bias.ALL);
      if (fourNorms) {
        addRmsNorm(from + "post_attention_layernorm", hidden, to + "post_attention_norm");
        addRmsNorm(from + "pre_feedforward_layernorm", hidden, to + "ffn_norm");
      } else {
        addRmsNorm(from + "post_attention_layernorm", hidden, to + "ffn_norm");
      }
      addFeedForward(from + "mlp.gate_proj", ffn, hidden, to + "ffn_gate");
      addFeedForward(from + "mlp.up_proj", ffn, hidden, to + "ffn_up");
      addFeedForward(from + "mlp.down_proj", hidden, ffn, to + "ffn_down");
      if (fourNorms) {
        addRmsNorm(from + "post_feedforward_layernorm", hidden, to + "post_ffw_norm");
      }
    }
    addRmsNorm("model.norm", hidden, "output_norm");
    if (!tied) {
      addMatrix(head, config.vocabulary(), hidden, "output");
    }
  }

  private void addGpt2(String prefix) {
    long hidden = config.hidden();
    addMatrix(embedding, config.vocabulary(), hidden, "token_embd");
    weights.add(
        new Weight(
            prefix + "wpe.weight",
            List.of((long) config.context(), hidden),
            "position_embd.weight",
            Arrangement.AS_IS,
            true));
    for (int i = 0; i < config.layers(); i++) {
      String from = prefix + "h." + i + ".";
      String to = "blk." + i + ".";
      addNorm(from + "ln_1", to + "attn_norm");
      addConvolution(from + "attn.c_attn", hidden, 3 * hidden, to + "attn_qkv", queryScale(i));
      addConvolution(from + "attn.c_proj", hidden, hidden, to + "attn_output");
      addNorm(from + "ln_2", to + "ffn_norm");
      addConvolution(from + "mlp.c_fc", hidden, shape.feedForward().width(), to + "ffn_up");
      addConvolution(from + "mlp.c_proj", shape.feedForward().width(), hidden, to + "ffn_down");
    }
    addNorm(prefix + "ln_f", "output_norm");
    addHead();
  }

  private void addGptNeox() {
    long hidden = config.hidden();
    addMatrix(embedding, config.vocabulary(), hidden, "token_embd");
    for (int i = 0; i < config.layers(); i++) {
      String from = "gpt_neox.layers." + i + ".";
      String to = "blk." + i + ".";
      addNorm(from + "input_layernorm", to + "attn_norm");
      addAttention(
          from + "attention.query_key_value",
          3 * hidden,
          to + "attn_qkv",
          Arrangement.PARTS_TOGETHER);
      addAttention(from + "attention.dense", hidden, to + "attn_output", Arrangement.AS_IS);
      addNorm(from + "post_attention_layernorm", to + "ffn_norm");
      addFeedForward(
          from + "mlp.dense_h_to_4h", shape.feedForward().width(), hidden, to + "ffn_up");
      addFeedForward(
          from + "mlp.dense_4h_to_h", hidden, shape.feedForward().width(), to + "ffn_down");
    }
    addNorm("gpt_neox.final_layer_norm", "output_norm");
    addHead();
  }

  /** llama.cpp b4916 refuses a GPT-2 or GPT-NeoX without one, so a tied head is written out. */
  private void addHead() {
    addMatrix(tied ? embedding : head, config.vocabulary(), config.hidden(), "output");
  }

  /** A matrix of GPT-NeoX's attention. */
  private void addAttention(String source, long rows, String target, Arrangement arrangement) {
    boolean bias = shape.attention().projection().bias() == Bias.ALL;
    addProjection(source, rows, config.hidden(), target, arrangement, bias);
    if (!bias) {
      noBiases.add(new NoBias(target + ".bias", rows));
    }
  }

  private void addMatrix(String source, long rows, long columns, String target) {
    weights.add(
        new Weight(source, List.of(rows, columns), target + ".weight", Arrangement.AS_IS, false));
  }

  private void addSmall(String source, long length, String target) {
    weights.add(new Weight(source, List.of(length), target, Arrangement.AS_IS, true));
  }

  private void addRmsNorm(String source, long length, String target) {
    Arrangement stored =
        shape.blocks().norm().kind() == Kind.RMS_ABOVE_ONE
            ? Arrangement.ONE_ADDED
            : Arrangement.AS_IS;
    weights.add(new Weight(source + ".weight", List.of(length), target + ".weight", stored, true));
  }

  private void addNorm(String source, String target) {
    addSmall(source + ".weight", config.hidden(), target + ".weight");
    addSmall(source + ".bias", config.hidden(), target + ".bias");
  }

  private void addProjection(
      String source,
      long rows,
      long columns,
      String target,
      Arrangement arrangement,
      boolean bias) {
    weights.add(
        new Weight(
            source + ".weight", List.of(rows, columns), target + ".weight", arrangement, false));
    if (bias) {
      weights.add(new Weight(source + ".bias", List.of(rows), target + ".bias", arrangement, true));
    }
  }

  private void addFeedForward(String source, long rows, long columns, String target) {
    addProjection(source, rows, columns, target, Arrangement.AS_IS, shape.feedForward().bias());
  }

  private void addConvolution(String source, long in, long out, String target) {
    addConvolution(source, in, out, target, ScaledRows.NONE);
  }

  private void addConvolution(String source, long in, long out, String target, ScaledRows scaled) {
    weights.add(
        new Weight(
                source + ".weight",
                List.of(in, out),
                target + ".weight",
                Arrangement.TRANSPOSED,
                false)
            .scaledBy(scaled));
    weights.add(
        new Weight(source + ".bias", List.of(out), target + ".bias", Arrangement.AS_IS, true)
            .scaledBy(scaled));
  }

  /** llama.cpp scales by the root of the head's width alone. */
  private ScaledRows queryScale(int block) {
    Attention attention = shape.attention();
    int headWidth = attention.heads().width();
    double factor = attention.scale().of(block) * Math.sqrt(headWidth);
    return Math.abs(factor - 1) < 1e-12
        ? ScaledRows.NONE
        : new ScaledRows(attention.heads().queryWidth(), (float) factor);
  }
}
