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
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The {@code config.json} of a GPT-NeoX. */
final class GptNeoxFields {

  /** What transformers takes where {@code layer_norm_eps} is absent. */
  private static final double DEFAULT_EPSILON = 1e-5;

  private static final String EXACT_GELU = "gelu";

  /**
   * {@code gelu} is the exact one; llama.cpp computes the tanh approximation for it as for the
   * others, which is nowhere 0.0005 away.
   */
  private static final Set<String> ACTIVATIONS =
      Set.of(EXACT_GELU, "gelu_fast", "gelu_new", "gelu_pytorch_tanh");

  private GptNeoxFields() {}

  static HuggingFaceConfig read(JsonValue config) {
    ConfigFields.requireOneOf(config, "hidden_act", ACTIVATIONS);
    int hidden = config.get("hidden_size").count();
    Heads heads = heads(config, hidden);
    boolean exact =
        config.find("hidden_act").map(JsonValue::string).orElse(EXACT_GELU).equals(EXACT_GELU);
    boolean parallel = ConfigFields.flag(config, "use_parallel_residual", true);
    return new HuggingFaceConfig(
        Architecture.GPT_NEOX,
        config.get("max_position_embeddings").count(),
        new DecoderShape(
            new Embedding(
                config.get("vocab_size").count(),
                hidden,
                1,
                ConfigFields.flag(config, "tie_word_embeddings", false)),
            new Attention(
                heads,
                new Projection(
                    Layout.FUSED_BY_HEAD,
                    ConfigFields.flag(config, "attention_bias", true) ? Bias.ALL : Bias.NONE,
                    false),
                1 / Math.sqrt(heads.width()),
                Optional.empty()),
            Optional.of(rotary(config, heads.width())),
            new FeedForward.Plain(
                config.get("intermediate_size").count(),
                exact ? Activation.GELU : Activation.GELU_TANH,
                true),
            new Blocks(
                ConfigFields.layers(config.get("num_hidden_layers")),
                parallel ? Order.PARALLEL : Order.SEQUENTIAL,
                new Norm(
                    Kind.LAYER, ConfigFields.positive(config, "layer_norm_eps", DEFAULT_EPSILON)))),
        HuggingFaceConfig.id(config, "bos_token_id"),
        HuggingFaceConfig.ids(config, "eos_token_id"));
  }

  private static Heads heads(JsonValue config, int hidden) {
    int heads = config.get("num_attention_heads").count();
    Optional<JsonValue> named = config.find("head_dim");
    named.ifPresent(width -> ConfigFields.requireQuotient(width, hidden, heads));
    int width =
        named
            .map(ConfigFields::even)
            .orElseGet(
                () -> ConfigFields.quotient(config.get("num_attention_heads"), hidden, heads));
    return new Heads(heads, heads, width);
  }

  private static Rotary rotary(JsonValue config, int headWidth) {
    var fields = new RotaryFields(config);
    return new Rotary(
        fields.neoxDim(headWidth),
        new Rotation(fields.neoxTheta(), fields.scaling(List.of("default", "linear"))));
  }
}
