package dev.mneme.store.hf;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.json.JsonValue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a {@code config.json} says about a model's shape, in the same words for all families.
 *
 * <p>Everything that would make the model compute something else than the plain network of its
 * family (another activation, another rotary scaling, quantised weights) is refused by name.
 * Defaults for absent fields are those of the transformers library.
 *
 * @param hidden width of the residual stream
 * @param heads query heads, a multiple of {@code kvHeads}
 * @param headDim width of one head, even
 * @param ffn width inside the feed-forward block
 * @param vocabulary rows of the embedding, padding included
 * @param context most tokens in a sequence. Where the model has a sliding window smaller than its
 *     trained context this is the window: up to that length windowed and full attention are the
 *     same, and engines here compute full attention.
 * @param normEpsilon added to the variance in every normalisation
 * @param ropeTheta base of the rotary frequencies; without meaning for GPT-2
 * @param tied whether the embedding serves as output matrix too
 * @param attentionBias whether query, key, value and attention output have biases (Llama only)
 * @param mlpBias whether the feed-forward matrices have biases (Llama only)
 * @param bos beginning-of-sequence id, if named here
 * @param eos end-of-sequence ids named here, the main one first; may be empty
 */
public record HuggingFaceConfig(
    Architecture architecture,
    int hidden,
    int layers,
    int heads,
    int kvHeads,
    int headDim,
    int ffn,
    int vocabulary,
    int context,
    double normEpsilon,
    double ropeTheta,
    RopeScaling ropeScaling,
    boolean tied,
    boolean attentionBias,
    boolean mlpBias,
    OptionalInt slidingWindow,
    OptionalInt bos,
    List<Integer> eos)
    implements NetworkShape {

  /** The model families whose folders can be opened. */
  public enum Architecture {
    LLAMA("llama", "llama"),
    /** Llama's network with a sliding window. */
    MISTRAL("mistral", "llama"),
    /** Llama's network with biases on query, key and value. */
    QWEN2("qwen2", "qwen2"),
    GPT2("gpt2", "gpt2");

    private final String modelType;
    private final String gguf;

    Architecture(String modelType, String gguf) {
      this.modelType = modelType;
      this.gguf = gguf;
    }

    /** The family's {@code model_type} in {@code config.json}. */
    public String modelType() {
      return modelType;
    }

    /** Its name in {@code general.architecture}. */
    public String gguf() {
      return gguf;
    }

    /** The family of a {@code model_type}, if it is supported. */
    public static Optional<Architecture> ofModelType(String modelType) {
      return Arrays.stream(values()).filter(a -> a.modelType.equals(modelType)).findFirst();
    }

    /** All supported {@code model_type} values, for messages. */
    public static String supported() {
      return Arrays.stream(values()).map(Architecture::modelType).collect(Collectors.joining(", "));
    }
  }

  /** The file's name in a model folder. */
  public static final String FILE = "config.json";

  /** What transformers takes where {@code layer_norm_epsilon} is absent. */
  static final double DEFAULT_GPT2_EPSILON = 1e-5;

  private static final double DEFAULT_ROPE_THETA = 10_000;

  /** GPT-2's activation under the names it goes by; all compute the tanh approximation. */
  static final Set<String> GPT2_ACTIVATIONS = Set.of("gelu_new", "gelu_pytorch_tanh");

  /**
   * Reads {@code config.json} of a model folder.
   *
   * @throws MalformedFileException if a field is missing, wrong or contradicts another; names it
   * @throws MnemeException if there is no such file or the model is of no supported family
   */
  public static HuggingFaceConfig read(Path directory) {
    JsonValue config = json(directory);
    JsonValue modelType = config.get("model_type");
    Architecture architecture =
        Architecture.ofModelType(modelType.string())
            .orElseThrow(
                () ->
                    new MnemeException(
                        "%s: models of type \"%s\" are not supported; supported are %s"
                            .formatted(
                                config.file(), modelType.string(), Architecture.supported())));
    return architecture == Architecture.GPT2 ? gpt2(config) : llamaLike(architecture, config);
  }

  /** The file of a folder, refused where it describes quantised weights. */
  static JsonValue json(Path directory) {
    Path file = directory.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      throw new MnemeException(
          "%s has no %s; give a folder in the layout that Hugging Face publishes"
              .formatted(directory, FILE));
    }
    JsonValue config = JsonValue.read(file);
    if (config.find("quantization_config").isPresent()) {
      throw new MnemeException(
          "%s: the weights are quantised (\"quantization_config\"); give the original folder"
              .formatted(file));
    }
    return config;
  }

  private static HuggingFaceConfig llamaLike(Architecture architecture, JsonValue config) {
    requireOneOf(config, "hidden_act", Set.of("silu"));
    int hidden = config.get("hidden_size").count();
    int heads = config.get("num_attention_heads").count();
    int kvHeads =
        architecture == Architecture.LLAMA
            ? config.find("num_key_value_heads").map(JsonValue::count).orElse(heads)
            : config.get("num_key_value_heads").count();
    if (heads % kvHeads != 0) {
      throw config
          .get("num_key_value_heads")
          .unlike("a divisor of the %d attention heads".formatted(heads));
    }
    int context = config.get("max_position_embeddings").count();
    OptionalInt window = slidingWindow(config);
    JsonValue rope = config.find("rope_parameters").orElse(config);
    requireWholeRotation(config, rope);
    return new HuggingFaceConfig(
        architecture,
        hidden,
        config.get("num_hidden_layers").count(),
        heads,
        kvHeads,
        headDim(architecture, config, hidden, heads),
        config.get("intermediate_size").count(),
        config.get("vocab_size").count(),
        Math.min(context, window.orElse(context)),
        config.get("rms_norm_eps").positive(),
        rope.find("rope_theta").map(JsonValue::positive).orElse(DEFAULT_ROPE_THETA),
        ropeScaling(config),
        config.find("tie_word_embeddings").map(JsonValue::bool).orElse(false),
        architecture == Architecture.LLAMA && flag(config, "attention_bias"),
        architecture == Architecture.LLAMA && flag(config, "mlp_bias"),
        window,
        id(config, "bos_token_id"),
        ids(config, "eos_token_id"));
  }

  private static HuggingFaceConfig gpt2(JsonValue config) {
    requireOneOf(config, "activation_function", GPT2_ACTIVATIONS);
    requireFlag(config, "scale_attn_weights", true);
    requireFlag(config, "scale_attn_by_inverse_layer_idx", false);
    requireFlag(config, "add_cross_attention", false);
    int hidden = config.get("n_embd").count();
    int heads = config.get("n_head").count();
    return new HuggingFaceConfig(
        Architecture.GPT2,
        hidden,
        config.get("n_layer").count(),
        heads,
        heads,
        evenHeadDim(config.get("n_head"), hidden, heads),
        config.find("n_inner").map(JsonValue::count).orElseGet(() -> Math.multiplyExact(4, hidden)),
        config.get("vocab_size").count(),
        config.get("n_positions").count(),
        config.find("layer_norm_epsilon").map(JsonValue::positive).orElse(DEFAULT_GPT2_EPSILON),
        DEFAULT_ROPE_THETA,
        new RopeScaling.None(),
        config.find("tie_word_embeddings").map(JsonValue::bool).orElse(true),
        true,
        true,
        OptionalInt.empty(),
        id(config, "bos_token_id"),
        ids(config, "eos_token_id"));
  }

  private static int headDim(Architecture architecture, JsonValue config, int hidden, int heads) {
    Optional<JsonValue> named = config.find("head_dim");
    if (named.isEmpty()) {
      return evenHeadDim(config.get("num_attention_heads"), hidden, heads);
    }
    int headDim = named.get().count();
    if (headDim % 2 != 0) {
      throw named.get().unlike("even, because rotary embeddings turn pairs");
    }
    if (architecture == Architecture.QWEN2 && (long) headDim * heads != hidden) {
      throw named
          .get()
          .unlike("hidden_size / num_attention_heads = %d / %d".formatted(hidden, heads));
    }
    return headDim;
  }

  private static int evenHeadDim(JsonValue field, int hidden, int heads) {
    if (hidden % heads != 0 || hidden / heads % 2 != 0) {
      throw field.unlike("a divisor of the width %d that leaves an even head".formatted(hidden));
    }
    return hidden / heads;
  }

  /** Mistral names a window to use it; Qwen2 names one always and says whether it is used. */
  private static OptionalInt slidingWindow(JsonValue config) {
    boolean used = config.find("use_sliding_window").map(JsonValue::bool).orElse(true);
    Optional<JsonValue> window = config.find("sliding_window");
    return used && window.isPresent() ? OptionalInt.of(window.get().count()) : OptionalInt.empty();
  }

  /** Up to transformers 4 {@code rope_scaling}, from 5 on {@code rope_parameters}. */
  private static RopeScaling ropeScaling(JsonValue config) {
    Optional<JsonValue> found =
        config.find("rope_scaling").or(() -> config.find("rope_parameters"));
    if (found.isEmpty()) {
      return new RopeScaling.None();
    }
    JsonValue scaling = found.get();
    JsonValue type =
        scaling
            .find("rope_type")
            .or(() -> scaling.find("type"))
            .orElseGet(() -> scaling.get("rope_type"));
    return switch (type.string()) {
      case "default" -> new RopeScaling.None();
      case "linear" -> new RopeScaling.Linear(scaling.get("factor").positive());
      case "llama3" -> llama3(scaling);
      default -> throw type.unlike("default, linear or llama3, the supported rotary scalings");
    };
  }

  private static RopeScaling llama3(JsonValue scaling) {
    double low = scaling.get("low_freq_factor").positive();
    double high = scaling.get("high_freq_factor").positive();
    if (low >= high) {
      throw scaling.get("high_freq_factor").unlike("above low_freq_factor, " + low);
    }
    return new RopeScaling.Llama3(
        scaling.get("factor").positive(),
        low,
        high,
        scaling.get("original_max_position_embeddings").count());
  }

  private static void requireWholeRotation(JsonValue config, JsonValue rope) {
    Optional<JsonValue> part =
        rope.find("partial_rotary_factor").or(() -> config.find("partial_rotary_factor"));
    if (part.isPresent() && part.get().number() != 1) {
      throw part.get().unlike("1: heads rotated in part are not supported");
    }
  }

  static void requireOneOf(JsonValue config, String key, Set<String> supported) {
    Optional<JsonValue> value = config.find(key);
    if (value.isPresent() && !supported.contains(value.get().string())) {
      throw value.get().unlike("one of the supported " + supported);
    }
  }

  private static void requireFlag(JsonValue config, String key, boolean supported) {
    Optional<JsonValue> value = config.find(key);
    if (value.isPresent() && value.get().bool() != supported) {
      throw value.get().unlike(supported + ", the only supported value");
    }
  }

  private static boolean flag(JsonValue config, String key) {
    return config.find(key).map(JsonValue::bool).orElse(false);
  }

  static OptionalInt id(JsonValue config, String key) {
    List<Integer> ids = ids(config, key);
    return ids.isEmpty() ? OptionalInt.empty() : OptionalInt.of(ids.getFirst());
  }

  /** One id or a list of them, as generation settings allow. */
  static List<Integer> ids(JsonValue config, String key) {
    Optional<JsonValue> value = config.find(key);
    if (value.isEmpty()) {
      return List.of();
    }
    List<JsonValue> ids = value.get().isArray() ? value.get().elements() : List.of(value.get());
    return ids.stream().map(id -> (int) id.integer(0, Integer.MAX_VALUE)).toList();
  }
}
