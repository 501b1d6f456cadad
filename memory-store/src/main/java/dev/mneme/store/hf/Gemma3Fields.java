package dev.mneme.store.hf;

import dev.mneme.store.hf.Attention.Bias;
import dev.mneme.store.hf.Attention.Heads;
import dev.mneme.store.hf.Attention.Layout;
import dev.mneme.store.hf.Attention.Projection;
import dev.mneme.store.hf.Attention.Scale;
import dev.mneme.store.hf.Blocks.Kind;
import dev.mneme.store.hf.Blocks.Norm;
import dev.mneme.store.hf.Blocks.Order;
import dev.mneme.store.hf.DecoderShape.Embedding;
import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import dev.mneme.store.json.JsonValue;
import java.util.Optional;

/** The {@code config.json} of a Gemma 3 that reads text alone ({@code Gemma3ForCausalLM}). */
final class Gemma3Fields {

  /** What transformers takes where {@code head_dim} is absent. */
  private static final int DEFAULT_HEAD = 256;

  /** What transformers takes where {@code query_pre_attn_scalar} is absent. */
  private static final double DEFAULT_QUERY_SCALAR = 256;

  private static final int DEFAULT_VOCABULARY = 262_208;
  private static final int DEFAULT_WIDTH = 2304;
  private static final int DEFAULT_FEED_FORWARD = 9216;
  private static final int DEFAULT_BLOCKS = 26;
  private static final int DEFAULT_HEADS = 8;
  private static final int DEFAULT_KEY_VALUE_HEADS = 4;
  private static final int DEFAULT_CONTEXT = 131_072;
  private static final double DEFAULT_EPSILON = 1e-6;

  private Gemma3Fields() {}

  static HuggingFaceConfig read(JsonValue config) {
    ConfigFields.requireFlag(config, "attention_bias", false);
    ConfigFields.requireFlag(config, "use_bidirectional_attention", false);
    ConfigFields.requireFlag(config, "tie_word_embeddings", true);
    requireNone(config, "attn_logit_softcapping");
    requireNone(config, "final_logit_softcapping");
    int hidden = ConfigFields.count(config, "hidden_size", DEFAULT_WIDTH);
    int layers = ConfigFields.layers(config, "num_hidden_layers", DEFAULT_BLOCKS);
    int context = ConfigFields.count(config, "max_position_embeddings", DEFAULT_CONTEXT);
    Heads heads = heads(config);
    Rotary rotary = new RotaryFields(config, context, heads.width()).gemma();
    var embedding =
        new Embedding(
            ConfigFields.count(config, "vocab_size", DEFAULT_VOCABULARY),
            hidden,
            Math.sqrt(hidden),
            true);
    double scalar = ConfigFields.positive(config, "query_pre_attn_scalar", DEFAULT_QUERY_SCALAR);
    var attention =
        new Attention(
            heads,
            new Projection(Layout.SEPARATE, Bias.NONE, true),
            new Scale(1 / Math.sqrt(scalar)),
            WindowFields.read(Architecture.GEMMA3, config, layers));
    var feedForward =
        new FeedForward.Gated(
            ConfigFields.count(config, "intermediate_size", DEFAULT_FEED_FORWARD),
            Activation.read(config, "hidden_activation", Activation.GELU_TANH),
            false);
    var blocks =
        new Blocks(
            layers,
            Order.FOUR_NORMS,
            new Norm(
                Kind.RMS_ABOVE_ONE,
                ConfigFields.positive(config, "rms_norm_eps", DEFAULT_EPSILON)));
    return new HuggingFaceConfig(
        Architecture.GEMMA3,
        rotary.longestSequence(context),
        new DecoderShape(embedding, attention, Optional.of(rotary), feedForward, blocks),
        HuggingFaceConfig.id(config, "bos_token_id"),
        HuggingFaceConfig.ids(config, "eos_token_id"));
  }

  private static Heads heads(JsonValue config) {
    int heads = ConfigFields.count(config, "num_attention_heads", DEFAULT_HEADS);
    int keyValues = ConfigFields.count(config, "num_key_value_heads", DEFAULT_KEY_VALUE_HEADS);
    ConfigFields.requireGroups(config, heads, keyValues);
    int width = config.find("head_dim").map(ConfigFields::even).orElse(DEFAULT_HEAD);
    return new Heads(heads, keyValues, width);
  }

  private static void requireNone(JsonValue config, String key) {
    Optional<JsonValue> value = config.find(key);
    if (value.isPresent()) {
      throw value.get().unlike("null: logits that are capped are not supported");
    }
  }
}
