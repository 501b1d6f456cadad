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
import dev.mneme.store.json.JsonValue;
import java.util.Optional;
import java.util.Set;

/** The {@code config.json} of a GPT-2. */
final class Gpt2Fields {

  /** What transformers takes where {@code layer_norm_epsilon} is absent. */
  static final double DEFAULT_EPSILON = 1e-5;

  /** GPT-2's activation under the names it goes by; all compute the tanh approximation. */
  static final Set<String> ACTIVATIONS = Set.of("gelu_new", "gelu_pytorch_tanh");

  private Gpt2Fields() {}

  static HuggingFaceConfig read(JsonValue config) {
    ConfigFields.requireOneOf(config, "activation_function", ACTIVATIONS);
    ConfigFields.requireFlag(config, "scale_attn_weights", true);
    ConfigFields.requireFlag(config, "scale_attn_by_inverse_layer_idx", false);
    ConfigFields.requireFlag(config, "add_cross_attention", false);
    int hidden = config.get("n_embd").count();
    int heads = config.get("n_head").count();
    int headWidth = ConfigFields.quotient(config.get("n_head"), hidden, heads);
    return new HuggingFaceConfig(
        Architecture.GPT2,
        config.get("n_positions").count(),
        new DecoderShape(
            new Embedding(
                config.get("vocab_size").count(),
                hidden,
                1,
                ConfigFields.flag(config, "tie_word_embeddings", true)),
            new Attention(
                new Heads(heads, heads, headWidth),
                new Projection(Layout.FUSED, Bias.ALL, false),
                1 / Math.sqrt(headWidth),
                Optional.empty()),
            Optional.empty(),
            new FeedForward.Plain(feedForward(config), Activation.GELU_TANH, true),
            new Blocks(
                ConfigFields.layers(config.get("n_layer")),
                Order.SEQUENTIAL,
                new Norm(
                    Kind.LAYER,
                    ConfigFields.positive(config, "layer_norm_epsilon", DEFAULT_EPSILON)))),
        HuggingFaceConfig.id(config, "bos_token_id"),
        HuggingFaceConfig.ids(config, "eos_token_id"));
  }

  /** Four times the width where {@code n_inner} does not say. */
  static int feedForward(JsonValue config) {
    return config
        .find("n_inner")
        .map(JsonValue::count)
        .orElseGet(() -> 4 * (int) config.get("n_embd").integer(1, Integer.MAX_VALUE / 4));
  }
}
