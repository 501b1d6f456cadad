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

/** The {@code config.json} of Llama and of the families whose network is Llama's with a change. */
final class LlamaFields {

  /** What transformers takes for Qwen3 where {@code head_dim} is absent. */
  private static final int DEFAULT_QWEN3_HEAD = 128;

  private static final double DEFAULT_EPSILON = 1e-6;

  private static final String KEY_VALUE_HEADS = "num_key_value_heads";

  private final Architecture family;
  private final JsonValue config;
  private final Defaults defaults;

  /**
   * What transformers takes where a field is absent. A head count of 0 stands for the number of
   * query heads.
   */
  private record Defaults(int vocabulary, int feedForward, int keyValueHeads, int context) {

    static final int HIDDEN = 4096;
    static final int LAYERS = 32;
    static final int HEADS = 32;

    static Defaults of(Architecture family) {
      return switch (family) {
        case MISTRAL -> new Defaults(32_000, 14_336, 8, 131_072);
        case QWEN2, QWEN3 -> new Defaults(151_936, 22_016, 32, 32_768);
        default -> new Defaults(32_000, 11_008, 0, 2048);
      };
    }
  }

  private LlamaFields(Architecture family, JsonValue config) {
    this.family = family;
    this.config = config;
    this.defaults = Defaults.of(family);
  }

  static HuggingFaceConfig read(Architecture family, JsonValue config) {
    return new LlamaFields(family, config).read();
  }

  private HuggingFaceConfig read() {
    int hidden = ConfigFields.count(config, "hidden_size", Defaults.HIDDEN);
    int layers = ConfigFields.layers(config, "num_hidden_layers", Defaults.LAYERS);
    int context = ConfigFields.count(config, "max_position_embeddings", defaults.context);
    Heads heads = heads(hidden);
    Rotary rotary = new RotaryFields(config, context, heads.width()).common();
    var embedding =
        new Embedding(
            ConfigFields.count(config, "vocab_size", defaults.vocabulary),
            hidden,
            1,
            ConfigFields.flag(config, "tie_word_embeddings", false));
    var attention =
        new Attention(
            heads,
            new Projection(Layout.SEPARATE, bias(), family == Architecture.QWEN3),
            new Scale(1 / Math.sqrt(heads.width())),
            WindowFields.read(family, config, layers));
    var blocks =
        new Blocks(
            layers,
            Order.SEQUENTIAL,
            new Norm(Kind.RMS, ConfigFields.positive(config, "rms_norm_eps", DEFAULT_EPSILON)));
    return new HuggingFaceConfig(
        family,
        rotary.longestSequence(context),
        new DecoderShape(embedding, attention, Optional.of(rotary), feedForward(), blocks),
        HuggingFaceConfig.id(config, "bos_token_id"),
        HuggingFaceConfig.ids(config, "eos_token_id"));
  }

  private FeedForward feedForward() {
    return new FeedForward.Gated(
        ConfigFields.count(config, "intermediate_size", defaults.feedForward),
        Activation.read(config, "hidden_act", Activation.SILU),
        family == Architecture.LLAMA && ConfigFields.flag(config, "mlp_bias", false));
  }

  private Heads heads(int hidden) {
    int heads = ConfigFields.count(config, "num_attention_heads", Defaults.HEADS);
    int byDefault = defaults.keyValueHeads;
    // An explicit null means the number of query heads in every family.
    boolean absent = !config.members().containsKey(KEY_VALUE_HEADS);
    int keyValues =
        ConfigFields.count(config, KEY_VALUE_HEADS, absent && byDefault != 0 ? byDefault : heads);
    ConfigFields.requireGroups(config, heads, keyValues);
    return new Heads(heads, keyValues, headWidth(hidden, heads));
  }

  private int headWidth(int hidden, int heads) {
    Optional<JsonValue> named = config.find("head_dim");
    if (named.isPresent()) {
      return ConfigFields.even(named.get());
    }
    return family == Architecture.QWEN3
        ? DEFAULT_QWEN3_HEAD
        : ConfigFields.quotient(config, "num_attention_heads", hidden, heads);
  }

  /** Mistral and Qwen2 have no field for it in any release. */
  private Bias bias() {
    return switch (family) {
      case LLAMA, QWEN3 ->
          ConfigFields.flag(config, "attention_bias", false) ? Bias.ALL : Bias.NONE;
      case QWEN2 -> Bias.INPUTS;
      default -> Bias.NONE;
    };
  }
}
