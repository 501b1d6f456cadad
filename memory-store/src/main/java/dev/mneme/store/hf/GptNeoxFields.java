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

/** The {@code config.json} of a GPT-NeoX. */
final class GptNeoxFields {

  /** What transformers takes where {@code layer_norm_eps} is absent. */
  private static final double DEFAULT_EPSILON = 1e-5;

  private static final int DEFAULT_VOCABULARY = 50_432;
  private static final int DEFAULT_WIDTH = 6144;
  private static final int DEFAULT_BLOCKS = 44;
  private static final int DEFAULT_HEADS = 64;
  private static final int DEFAULT_FEED_FORWARD = 24_576;
  private static final int DEFAULT_CONTEXT = 2048;

  private GptNeoxFields() {}

  static HuggingFaceConfig read(JsonValue config) {
    int hidden = ConfigFields.count(config, "hidden_size", DEFAULT_WIDTH);
    int context = ConfigFields.count(config, "max_position_embeddings", DEFAULT_CONTEXT);
    Heads heads = heads(config, hidden);
    Rotary rotary = new RotaryFields(config, context, heads.width()).neox();
    boolean parallel = ConfigFields.flag(config, "use_parallel_residual", true);
    var embedding =
        new Embedding(
            ConfigFields.count(config, "vocab_size", DEFAULT_VOCABULARY),
            hidden,
            1,
            ConfigFields.flag(config, "tie_word_embeddings", false));
    Bias bias = ConfigFields.flag(config, "attention_bias", true) ? Bias.ALL : Bias.NONE;
    var attention =
        new Attention(
            heads,
            new Projection(Layout.FUSED_BY_HEAD, bias, false),
            new Scale(1 / Math.sqrt(heads.width())),
            Optional.empty());
    var feedForward =
        new FeedForward.Plain(
            ConfigFields.count(config, "intermediate_size", DEFAULT_FEED_FORWARD),
            Activation.read(config, "hidden_act", Activation.GELU),
            true);
    var blocks =
        new Blocks(
            ConfigFields.layers(config, "num_hidden_layers", DEFAULT_BLOCKS),
            parallel ? Order.PARALLEL : Order.SEQUENTIAL,
            new Norm(Kind.LAYER, ConfigFields.positive(config, "layer_norm_eps", DEFAULT_EPSILON)));
    return new HuggingFaceConfig(
        Architecture.GPT_NEOX,
        rotary.longestSequence(context),
        new DecoderShape(embedding, attention, Optional.of(rotary), feedForward, blocks),
        HuggingFaceConfig.id(config, "bos_token_id"),
        HuggingFaceConfig.ids(config, "eos_token_id"));
  }

  private static Heads heads(JsonValue config, int hidden) {
    int heads = ConfigFields.count(config, "num_attention_heads", DEFAULT_HEADS);
    config.find("head_dim").ifPresent(width -> ConfigFields.requireQuotient(width, hidden, heads));
    int width = ConfigFields.quotient(config, "num_attention_heads", hidden, heads);
    return new Heads(heads, heads, width);
  }
}
