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

/** The {@code config.json} of Llama and of the families whose network is Llama's with a change. */
final class LlamaFields {

  /** What transformers takes for Qwen3 where {@code head_dim} is absent. */
  private static final int DEFAULT_QWEN3_HEAD = 128;

  private LlamaFields() {}

  static HuggingFaceConfig read(Architecture family, JsonValue config) {
    ConfigFields.requireOneOf(config, "hidden_act", Set.of("silu"));
    if (family == Architecture.QWEN3) {
      ConfigFields.requireFlag(config, "attention_bias", false);
    }
    int hidden = config.get("hidden_size").count();
    int layers = ConfigFields.layers(config.get("num_hidden_layers"));
    Heads heads = heads(family, config, hidden);
    boolean llama = family == Architecture.LLAMA;
    return new HuggingFaceConfig(
        family,
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
                    Layout.SEPARATE, bias(family, config), family == Architecture.QWEN3),
                1 / Math.sqrt(heads.width()),
                WindowFields.window(family, config, layers)),
            Optional.of(rotary(family, config, heads.width())),
            new FeedForward.Gated(
                config.get("intermediate_size").count(),
                Activation.SILU,
                llama && ConfigFields.flag(config, "mlp_bias", false)),
            new Blocks(
                layers,
                Order.SEQUENTIAL,
                new Norm(Kind.RMS, config.get("rms_norm_eps").positive()))),
        HuggingFaceConfig.id(config, "bos_token_id"),
        HuggingFaceConfig.ids(config, "eos_token_id"));
  }

  private static Heads heads(Architecture family, JsonValue config, int hidden) {
    int heads = config.get("num_attention_heads").count();
    int kvHeads =
        family == Architecture.LLAMA
            ? config.find("num_key_value_heads").map(JsonValue::count).orElse(heads)
            : config.get("num_key_value_heads").count();
    ConfigFields.requireGroups(config, heads, kvHeads);
    return new Heads(heads, kvHeads, headWidth(family, config, hidden, heads));
  }

  private static int headWidth(Architecture family, JsonValue config, int hidden, int heads) {
    Optional<JsonValue> named = config.find("head_dim");
    if (named.isEmpty()) {
      return family == Architecture.QWEN3
          ? DEFAULT_QWEN3_HEAD
          : ConfigFields.quotient(config.get("num_attention_heads"), hidden, heads);
    }
    int width = ConfigFields.even(named.get());
    if (family == Architecture.QWEN2) {
      ConfigFields.requireQuotient(named.get(), hidden, heads);
    }
    return width;
  }

  /** Mistral and Qwen2 have no field for it in any release. */
  private static Bias bias(Architecture family, JsonValue config) {
    return switch (family) {
      case LLAMA -> ConfigFields.flag(config, "attention_bias", false) ? Bias.ALL : Bias.NONE;
      case QWEN2 -> Bias.INPUTS;
      default -> Bias.NONE;
    };
  }

  private static Rotary rotary(Architecture family, JsonValue config, int headWidth) {
    var fields = new RotaryFields(config);
    fields.requireWholeHeads();
    List<String> scalings =
        family == Architecture.QWEN3
            ? List.of("default", "linear")
            : List.of("default", "linear", "llama3");
    return new Rotary(headWidth, new Rotation(fields.theta(), fields.scaling(scalings)));
  }
}
