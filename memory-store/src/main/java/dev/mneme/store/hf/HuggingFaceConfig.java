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
 * @param rotaryDim leading floats of each head that are rotated by position, even; {@code headDim}
 *     but for GPT-NeoX, and without meaning for GPT-2
 * @param attentionScale what each product of a query and a key is multiplied by; {@code 1 /
 *     √headDim} but for Gemma 3, which names it
 * @param ffn width inside the feed-forward block
 * @param vocabulary rows of the embedding, padding included
 * @param context most tokens in a sequence the model was trained for
 * @param normEpsilon added to the variance in every normalisation
 * @param ropeTheta base of the rotary frequencies; without meaning for GPT-2
 * @param tied whether the embedding serves as output matrix too
 * @param attentionBias whether query, key, value and attention output have biases; false for Qwen2,
 *     whose query, key and value alone have them
 * @param mlpBias whether the feed-forward matrices have biases
 * @param parallelResidual whether a block's feed-forward network reads the block's input as its
 *     attention does, and not the sum of both (GPT-NeoX only)
 * @param exactGelu whether GELU is computed with the error function, not its tanh approximation, as
 *     always in Gemma 3; without meaning for families that gate with SiLU
 * @param slidingWindow where attention does not reach back to the sequence's first token
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
    int rotaryDim,
    double attentionScale,
    int ffn,
    int vocabulary,
    int context,
    double normEpsilon,
    double ropeTheta,
    RopeScaling ropeScaling,
    boolean tied,
    boolean attentionBias,
    boolean mlpBias,
    boolean parallelResidual,
    boolean exactGelu,
    Optional<SlidingWindow> slidingWindow,
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
    /** Llama's network with norms of each head's query and key. */
    QWEN3("qwen3", "qwen3"),
    /** Gemma 3 for text alone: four norms a block, and a window in most blocks. */
    GEMMA3("gemma3_text", "gemma3"),
    GPT2("gpt2", "gpt2"),
    /** Pythia's family. */
    GPT_NEOX("gpt_neox", "gptneox");

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

  /** Far more than any model has; keeps lists of tensors and graphs short. */
  private static final int MAX_LAYERS = 512;

  /** What transformers takes where {@code layer_norm_epsilon} is absent. */
  static final double DEFAULT_GPT2_EPSILON = 1e-5;

  /** What transformers takes where {@code layer_norm_eps} is absent. */
  private static final double DEFAULT_NEOX_EPSILON = 1e-5;

  private static final String EXACT_GELU = "gelu";

  /** What transformers takes for Qwen3 where {@code head_dim} is absent. */
  private static final int DEFAULT_QWEN3_HEAD = 128;

  /** GPT-2's activation under the names it goes by; all compute the tanh approximation. */
  static final Set<String> GPT2_ACTIVATIONS = Set.of("gelu_new", "gelu_pytorch_tanh");

  /**
   * GPT-NeoX's activations. {@code gelu} is the exact one; llama.cpp computes the tanh
   * approximation for it as for the others, which is nowhere 0.0005 away.
   */
  private static final Set<String> NEOX_ACTIVATIONS =
      Set.of(EXACT_GELU, "gelu_fast", "gelu_new", "gelu_pytorch_tanh");

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
                                config.origin(), modelType.string(), Architecture.supported())));
    return switch (architecture) {
      case GPT2 -> gpt2(config);
      case GPT_NEOX -> gptNeox(config);
      case GEMMA3 -> Gemma3Fields.read(config);
      case LLAMA, MISTRAL, QWEN2, QWEN3 -> llamaLike(architecture, config);
    };
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
      throw undivided(config, heads);
    }
    if (architecture == Architecture.QWEN3) {
      requireFlag(config, "attention_bias", false);
    }
    int layers = layers(config.get("num_hidden_layers"));
    int headDim = headDim(architecture, config, hidden, heads);
    var rotary = new RotaryFields(config);
    rotary.requireWholeHeads();
    return new HuggingFaceConfig(
        architecture,
        hidden,
        layers,
        heads,
        kvHeads,
        headDim,
        headDim,
        1 / Math.sqrt(headDim),
        config.get("intermediate_size").count(),
        config.get("vocab_size").count(),
        config.get("max_position_embeddings").count(),
        config.get("rms_norm_eps").positive(),
        rotary.theta(),
        rotary.scaling(
            architecture == Architecture.QWEN3
                ? List.of("default", "linear")
                : List.of("default", "linear", "llama3")),
        flag(config, "tie_word_embeddings", false),
        architecture == Architecture.LLAMA && flag(config, "attention_bias", false),
        architecture == Architecture.LLAMA && flag(config, "mlp_bias", false),
        false,
        false,
        WindowFields.window(architecture, config, layers),
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
    int headDim = evenHeadDim(config.get("n_head"), hidden, heads);
    return new HuggingFaceConfig(
        Architecture.GPT2,
        hidden,
        layers(config.get("n_layer")),
        heads,
        heads,
        headDim,
        headDim,
        1 / Math.sqrt(headDim),
        gpt2FeedForward(config),
        config.get("vocab_size").count(),
        config.get("n_positions").count(),
        config.find("layer_norm_epsilon").map(JsonValue::positive).orElse(DEFAULT_GPT2_EPSILON),
        RotaryFields.DEFAULT_THETA,
        new RopeScaling.None(),
        flag(config, "tie_word_embeddings", true),
        true,
        true,
        false,
        false,
        Optional.empty(),
        id(config, "bos_token_id"),
        ids(config, "eos_token_id"));
  }

  static int layers(JsonValue value) {
    return (int) value.integer(1, MAX_LAYERS);
  }

  /** Four times the width where {@code n_inner} does not say. */
  static int gpt2FeedForward(JsonValue config) {
    return config
        .find("n_inner")
        .map(JsonValue::count)
        .orElseGet(() -> 4 * (int) config.get("n_embd").integer(1, Integer.MAX_VALUE / 4));
  }

  private static HuggingFaceConfig gptNeox(JsonValue config) {
    requireOneOf(config, "hidden_act", NEOX_ACTIVATIONS);
    int hidden = config.get("hidden_size").count();
    int heads = config.get("num_attention_heads").count();
    int headDim = headDim(Architecture.GPT_NEOX, config, hidden, heads);
    var rotary = new RotaryFields(config);
    return new HuggingFaceConfig(
        Architecture.GPT_NEOX,
        hidden,
        layers(config.get("num_hidden_layers")),
        heads,
        heads,
        headDim,
        rotary.neoxDim(headDim),
        1 / Math.sqrt(headDim),
        config.get("intermediate_size").count(),
        config.get("vocab_size").count(),
        config.get("max_position_embeddings").count(),
        config.find("layer_norm_eps").map(JsonValue::positive).orElse(DEFAULT_NEOX_EPSILON),
        rotary.neoxTheta(),
        rotary.scaling(List.of("default", "linear")),
        flag(config, "tie_word_embeddings", false),
        flag(config, "attention_bias", true),
        true,
        flag(config, "use_parallel_residual", true),
        config.find("hidden_act").map(JsonValue::string).orElse(EXACT_GELU).equals(EXACT_GELU),
        Optional.empty(),
        id(config, "bos_token_id"),
        ids(config, "eos_token_id"));
  }

  private static int headDim(Architecture architecture, JsonValue config, int hidden, int heads) {
    Optional<JsonValue> named = config.find("head_dim");
    if (named.isEmpty()) {
      return architecture == Architecture.QWEN3
          ? DEFAULT_QWEN3_HEAD
          : evenHeadDim(config.get("num_attention_heads"), hidden, heads);
    }
    int headDim = even(named.get());
    boolean quotient = architecture == Architecture.QWEN2 || architecture == Architecture.GPT_NEOX;
    if (quotient && (long) headDim * heads != hidden) {
      throw named
          .get()
          .unlike("hidden_size / num_attention_heads = %d / %d".formatted(hidden, heads));
    }
    return headDim;
  }

  static int even(JsonValue headDim) {
    if (headDim.count() % 2 != 0) {
      throw headDim.unlike("even, because rotary embeddings turn pairs");
    }
    return headDim.count();
  }

  static MalformedFileException undivided(JsonValue config, int heads) {
    return config
        .get("num_key_value_heads")
        .unlike("a divisor of the %d attention heads".formatted(heads));
  }

  private static int evenHeadDim(JsonValue field, int hidden, int heads) {
    if (hidden % heads != 0 || hidden / heads % 2 != 0) {
      throw field.unlike("a divisor of the width %d that leaves an even head".formatted(hidden));
    }
    return hidden / heads;
  }

  /**
   * The longest sequence on which attention that always reaches back to the first token computes
   * the same as this model's: what an engine without sliding windows may take.
   */
  public int contextWithoutWindow() {
    return slidingWindow.map(window -> Math.min(context, window.length())).orElse(context);
  }

  /** Whether the query and the key of each head go through a norm before they are rotated. */
  public boolean normsHeads() {
    return architecture == Architecture.QWEN3 || architecture == Architecture.GEMMA3;
  }

  /** What is to be added to the stored weights of norms: 1 for Gemma 3, whose files lack it. */
  public float normOffset() {
    return architecture == Architecture.GEMMA3 ? 1 : 0;
  }

  /** What rows of the embedding are multiplied by where they enter the network. */
  public double embeddingScale() {
    return architecture == Architecture.GEMMA3 ? Math.sqrt(hidden) : 1;
  }

  static void requireOneOf(JsonValue config, String key, Set<String> supported) {
    Optional<JsonValue> value = config.find(key);
    if (value.isPresent() && !supported.contains(value.get().string())) {
      throw value.get().unlike("one of the supported " + supported);
    }
  }

  static void requireFlag(JsonValue config, String key, boolean supported) {
    Optional<JsonValue> value = config.find(key);
    if (value.isPresent() && value.get().bool() != supported) {
      throw value.get().unlike(supported + ", the only supported value");
    }
  }

  private static boolean flag(JsonValue config, String key, boolean byDefault) {
    return config.find(key).map(JsonValue::bool).orElse(byDefault);
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
