package dev.mneme.store.hf;

import dev.mneme.store.hf.Attention.Bias;
import dev.mneme.store.hf.Attention.Heads;
import dev.mneme.store.hf.Attention.Layout;
import dev.mneme.store.hf.Attention.Projection;
import dev.mneme.store.hf.Blocks.Kind;
import dev.mneme.store.hf.Blocks.Norm;
import dev.mneme.store.hf.Blocks.Order;
import dev.mneme.store.hf.DecoderShape.Embedding;
import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import dev.mneme.store.hf.Rotary.Rotation;
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
    ConfigFields.requireOneOf(config, "hidden_activation", Set.of("gelu_pytorch_tanh"));
    ConfigFields.requireFlag(config, "attention_bias", false);
    ConfigFields.requireFlag(config, "use_bidirectional_attention", false);
    ConfigFields.requireFlag(config, "tie_word_embeddings", true);
    requireNone(config, "attn_logit_softcapping");
    requireNone(config, "final_logit_softcapping");
    int hidden = config.get("hidden_size").count();
    Heads heads = heads(config);
    return new HuggingFaceConfig(
        Architecture.GEMMA3,
        config.get("max_position_embeddings").count(),
        new DecoderShape(
            new Embedding(config.get("vocab_size").count(), hidden, Math.sqrt(hidden), true),
            new Attention(
                heads,
                new Projection(Layout.SEPARATE, Bias.NONE, true),
                1
                    / Math.sqrt(
                        ConfigFields.positive(
                            config, "query_pre_attn_scalar", DEFAULT_QUERY_SCALAR)),
                Optional.of(WindowFields.gemma(config))),
            Optional.of(rotary(config, heads.width())),
            new FeedForward.Gated(
                config.get("intermediate_size").count(), Activation.GELU_TANH, false),
            new Blocks(
                ConfigFields.layers(config.get("num_hidden_layers")),
                Order.FOUR_NORMS,
                new Norm(Kind.RMS_ABOVE_ONE, config.get("rms_norm_eps").positive()))),
        HuggingFaceConfig.id(config, "bos_token_id"),
        HuggingFaceConfig.ids(config, "eos_token_id"));
  }

  private static Heads heads(JsonValue config) {
    int heads = config.get("num_attention_heads").count();
    int kvHeads = config.get("num_key_value_heads").count();
    ConfigFields.requireGroups(config, heads, kvHeads);
    int width = config.find("head_dim").map(ConfigFields::even).orElse(DEFAULT_HEAD);
    return new Heads(heads, kvHeads, width);
  }

  private static Rotary rotary(JsonValue config, int headWidth) {
    var fields = new RotaryFields(config);
    fields.requireWholeHeads();
    return new Rotary(
        headWidth,
        new Rotation(fields.gemmaTheta(), fields.gemmaScaling()),
        new Rotation(fields.gemmaLocalTheta(), new RopeScaling.None()));
  }

  private static void requireNone(JsonValue config, String key) {
    Optional<JsonValue> value = config.find(key);
    if (value.isPresent()) {
      throw value.get().unlike("null: logits that are capped are not supported");
    }
  }
}
