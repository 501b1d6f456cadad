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

/** The {@code config.json} of a GPT-2. */
final class Gpt2Fields {

  /** What transformers takes where {@code layer_norm_epsilon} is absent. */
  static final double DEFAULT_EPSILON = 1e-5;

  private static final int DEFAULT_VOCABULARY = 50_257;
  private static final int DEFAULT_CONTEXT = 1024;
  private static final int DEFAULT_WIDTH = 768;
  private static final int DEFAULT_BLOCKS = 12;
  private static final int DEFAULT_HEADS = 12;

  /** The other name of {@code n_embd}. */
  private static final String HIDDEN = "hidden_size";

  private Gpt2Fields() {}

  static HuggingFaceConfig read(JsonValue config) {
    ConfigFields.requireFlag(config, "add_cross_attention", false);
    int hidden = ConfigFields.count(config, name(config, "n_embd", HIDDEN), DEFAULT_WIDTH);
    String headsName = name(config, "n_head", "num_attention_heads");
    int heads = ConfigFields.count(config, headsName, DEFAULT_HEADS);
    int headWidth = ConfigFields.quotient(config, headsName, hidden, heads);
    var embedding =
        new Embedding(
            ConfigFields.count(config, "vocab_size", DEFAULT_VOCABULARY),
            hidden,
            1,
            ConfigFields.flag(config, "tie_word_embeddings", true));
    var attention =
        new Attention(
            new Heads(heads, heads, headWidth),
            new Projection(Layout.FUSED, Bias.ALL, false),
            scale(config, headWidth),
            Optional.empty());
    var blocks =
        new Blocks(
            ConfigFields.layers(
                config, name(config, "n_layer", "num_hidden_layers"), DEFAULT_BLOCKS),
            Order.SEQUENTIAL,
            new Norm(
                Kind.LAYER, ConfigFields.positive(config, "layer_norm_epsilon", DEFAULT_EPSILON)));
    return new HuggingFaceConfig(
        Architecture.GPT2,
        ConfigFields.count(
            config, name(config, "n_positions", "max_position_embeddings"), DEFAULT_CONTEXT),
        new DecoderShape(
            embedding,
            attention,
            Optional.empty(),
            new FeedForward.Plain(feedForward(config), activation(config), true),
            blocks),
        HuggingFaceConfig.id(config, "bos_token_id"),
        HuggingFaceConfig.ids(config, "eos_token_id"));
  }

  /** Transformers reads a field under its common name too, which then counts. */
  private static String name(JsonValue config, String own, String common) {
    return config.find(common).isPresent() ? common : own;
  }

  private static Scale scale(JsonValue config, int headWidth) {
    boolean scaled = ConfigFields.flag(config, "scale_attn_weights", true);
    return new Scale(
        scaled ? 1 / Math.sqrt(headWidth) : 1,
        ConfigFields.flag(config, "scale_attn_by_inverse_layer_idx", false));
  }

  static Activation activation(JsonValue config) {
    return Activation.read(config, "activation_function", Activation.GELU_TANH);
  }

  /** Four times the width where {@code n_inner} does not say. */
  static int feedForward(JsonValue config) {
    Optional<JsonValue> width = config.find(name(config, "n_embd", HIDDEN));
    return config
        .find("n_inner")
        .map(JsonValue::count)
        .orElseGet(
            () ->
                4
                    * width
                        .map(w -> (int) w.integer(1, Integer.MAX_VALUE / 4))
                        .orElse(DEFAULT_WIDTH));
  }
}
