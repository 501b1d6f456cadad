package dev.mneme.store.hf;

import dev.mneme.MalformedFileException;
import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import dev.mneme.store.safetensors.TensorSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
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
    /** A Conv1D matrix, stored {@code [in, out]} by GPT-2. */
    TRANSPOSED
  }

  /**
   * One tensor.
   *
   * @param source name in the SafeTensors files
   * @param shape there, slowest dimension first
   * @param target name in GGUF
   * @param small whether it stays F32 whatever the type of the file: norms, biases, positions
   */
  record Weight(
      String source, List<Long> shape, String target, Arrangement arrangement, boolean small) {}

  /** Tables that old checkpoints carry and every engine computes itself. */
  private static final Pattern COMPUTED =
      Pattern.compile(
          "(transformer\\.)?h\\.\\d+\\.attn\\.(bias|masked_bias)"
              + "|model\\.layers\\.\\d+\\.self_attn\\.rotary_emb\\.inv_freq");

  /** The norms by their names in GGUF, which all families share. */
  private static final Pattern NORM =
      Pattern.compile("(blk\\.\\d+\\.(attn|ffn)|output)_norm\\.(weight|bias)");

  private static final String HEAD = "lm_head.weight";

  private final HuggingFaceConfig config;
  private final String embedding;
  private final List<Weight> weights = new ArrayList<>();

  private WeightLayout(HuggingFaceConfig config, String embedding) {
    this.config = config;
    this.embedding = embedding;
  }

  /**
   * The layout for a configuration.
   *
   * @param names of the tensors at hand, to tell GPT-2 folders with the {@code transformer.} prefix
   *     from those without
   */
  static WeightLayout of(HuggingFaceConfig config, Set<String> names) {
    if (config.architecture() == Architecture.GPT2) {
      String prefix = names.contains("wte.weight") ? "" : "transformer.";
      var layout = new WeightLayout(config, prefix + "wte.weight");
      layout.addGpt2(prefix);
      return layout;
    }
    var layout = new WeightLayout(config, "model.embed_tokens.weight");
    layout.addLlama();
    return layout;
  }

  /** All tensors, in the order they are written. */
  List<Weight> weights() {
    return weights;
  }

  /** The tensors of all normalisations; both families' layouts name them in this order. */
  List<String> norms() {
    return weights.stream()
        .filter(weight -> NORM.matcher(weight.target()).matches())
        .map(Weight::source)
        .toList();
  }

  /**
   * Compares with the tensors of a folder.
   *
   * @throws MalformedFileException naming every missing, misshapen, unreadable and extra tensor
   */
  void check(Path directory, TensorSource source) {
    var expected = new LinkedHashMap<String, List<Long>>();
    weights.forEach(weight -> expected.put(weight.source(), weight.shape()));
    TensorCheck.require(
        directory,
        expected,
        source,
        name -> COMPUTED.matcher(name).matches() || isCopyOfEmbedding(name, source),
        "a %s model".formatted(config.architecture()));
  }

  /** Some tools store a tied head twice; one that differs from the embedding is not tied. */
  private boolean isCopyOfEmbedding(String name, TensorSource source) {
    return name.equals(HEAD)
        && config.tied()
        && source.tensors().containsKey(embedding)
        && source.data(HEAD).mismatch(source.data(embedding)) < 0;
  }

  private void addLlama() {
    long hidden = config.hidden();
    long queries = (long) config.heads() * config.headDim();
    long keys = (long) config.kvHeads() * config.headDim();
    // llama.cpp's llama graph rotates neighbouring pairs, its qwen2 graph halves.
    Arrangement rotary =
        config.architecture() == Architecture.QWEN2 ? Arrangement.AS_IS : Arrangement.INTERLEAVED;
    boolean qkvBias = config.attentionBias() || config.architecture() == Architecture.QWEN2;
    addMatrix(embedding, config.vocabulary(), hidden, "token_embd");
    for (int i = 0; i < config.layers(); i++) {
      String from = "model.layers." + i + ".";
      String to = "blk." + i + ".";
      addSmall(from + "input_layernorm.weight", hidden, to + "attn_norm.weight");
      addProjection(from + "self_attn.q_proj", queries, hidden, to + "attn_q", rotary, qkvBias);
      addProjection(from + "self_attn.k_proj", keys, hidden, to + "attn_k", rotary, qkvBias);
      addProjection(
          from + "self_attn.v_proj", keys, hidden, to + "attn_v", Arrangement.AS_IS, qkvBias);
      addProjection(
          from + "self_attn.o_proj",
          hidden,
          queries,
          to + "attn_output",
          Arrangement.AS_IS,
          config.attentionBias());
      addSmall(from + "post_attention_layernorm.weight", hidden, to + "ffn_norm.weight");
      addFeedForward(from + "mlp.gate_proj", config.ffn(), hidden, to + "ffn_gate");
      addFeedForward(from + "mlp.up_proj", config.ffn(), hidden, to + "ffn_up");
      addFeedForward(from + "mlp.down_proj", hidden, config.ffn(), to + "ffn_down");
    }
    addSmall("model.norm.weight", hidden, "output_norm.weight");
    if (!config.tied()) {
      addMatrix(HEAD, config.vocabulary(), hidden, "output");
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
      addConvolution(from + "attn.c_attn", hidden, 3 * hidden, to + "attn_qkv");
      addConvolution(from + "attn.c_proj", hidden, hidden, to + "attn_output");
      addNorm(from + "ln_2", to + "ffn_norm");
      addConvolution(from + "mlp.c_fc", hidden, config.ffn(), to + "ffn_up");
      addConvolution(from + "mlp.c_proj", config.ffn(), hidden, to + "ffn_down");
    }
    addNorm(prefix + "ln_f", "output_norm");
    // llama.cpp b4916 refuses a GPT-2 without output.weight, so a tied head is written out.
    addMatrix(config.tied() ? embedding : HEAD, config.vocabulary(), hidden, "output");
  }

  private void addMatrix(String source, long rows, long columns, String target) {
    weights.add(
        new Weight(source, List.of(rows, columns), target + ".weight", Arrangement.AS_IS, false));
  }

  private void addSmall(String source, long length, String target) {
    weights.add(new Weight(source, List.of(length), target, Arrangement.AS_IS, true));
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
    addProjection(source, rows, columns, target, Arrangement.AS_IS, config.mlpBias());
  }

  private void addConvolution(String source, long in, long out, String target) {
    weights.add(
        new Weight(
            source + ".weight",
            List.of(in, out),
            target + ".weight",
            Arrangement.TRANSPOSED,
            false));
    addSmall(source + ".bias", out, target + ".bias");
  }
}
