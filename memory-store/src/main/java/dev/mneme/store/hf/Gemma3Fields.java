package dev.mneme.store.hf;

import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import dev.mneme.store.json.JsonValue;
import java.util.Optional;
import java.util.Set;

/** The {@code config.json} of a Gemma 3 that reads text alone ({@code Gemma3ForCausalLM}). */
final class Gemma3Fields {

  /** What transformers takes where {@code head_dim} is absent. */
  private static final int DEFAULT_HEAD = 256;

  /** What transformers takes where {@code query_pre_attn_scalar} is absent. */
  private static final double DEFAULT_QUERY_SCALAR = 256;

  private Gemma3Fields() {}

  static HuggingFaceConfig read(JsonValue config) {
    HuggingFaceConfig.requireOneOf(config, "hidden_activation", Set.of("gelu_pytorch_tanh"));
    HuggingFaceConfig.requireFlag(config, "attention_bias", false);
    HuggingFaceConfig.requireFlag(config, "use_bidirectional_attention", false);
    HuggingFaceConfig.requireFlag(config, "tie_word_embeddings", true);
    requireNone(config, "attn_logit_softcapping");
    requireNone(config, "final_logit_softcapping");
    int heads = config.get("num_attention_heads").count();
    int kvHeads = config.get("num_key_value_heads").count();
    if (heads % kvHeads != 0) {
      throw HuggingFaceConfig.undivided(config, heads);
    }
    int headDim = config.find("head_dim").map(HuggingFaceConfig::even).orElse(DEFAULT_HEAD);
    double queryScalar =
        config.find("query_pre_attn_scalar").map(JsonValue::positive).orElse(DEFAULT_QUERY_SCALAR);
    var rotary = new RotaryFields(config);
    rotary.requireWholeHeads();
    return new HuggingFaceConfig(
        Architecture.GEMMA3,
        config.get("hidden_size").count(),
        HuggingFaceConfig.layers(config.get("num_hidden_layers")),
        heads,
        kvHeads,
        headDim,
        headDim,
        1 / Math.sqrt(queryScalar),
        config.get("intermediate_size").count(),
        config.get("vocab_size").count(),
        config.get("max_position_embeddings").count(),
        config.get("rms_norm_eps").positive(),
        rotary.gemmaTheta(),
        rotary.gemmaScaling(),
        true,
        false,
        false,
        false,
        false,
        Optional.of(WindowFields.gemma(config, rotary.gemmaLocalTheta())),
        HuggingFaceConfig.id(config, "bos_token_id"),
        HuggingFaceConfig.ids(config, "eos_token_id"));
  }

  private static void requireNone(JsonValue config, String key) {
    Optional<JsonValue> value = config.find(key);
    if (value.isPresent()) {
      throw value.get().unlike("null: logits that are capped are not supported");
    }
  }
}
