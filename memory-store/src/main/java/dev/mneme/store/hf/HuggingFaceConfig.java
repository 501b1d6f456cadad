package dev.mneme.store.hf;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.files.FolderKind;
import dev.mneme.store.json.JsonValue;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * What a {@code config.json} says about a model, in the same words for all families.
 *
 * <p>Everything that would make the model compute something else than a network of its family that
 * is supported here (another activation, another rotary scaling, quantised weights) is refused by
 * name. Defaults for absent fields are those of the transformers library.
 *
 * @param context most tokens in a sequence: those the model was trained for, or fewer where longer
 *     sequences would need other rotary frequencies ({@link Rotary#longestSequence})
 * @param shape the network
 * @param bos beginning-of-sequence id, if named here
 * @param eos end-of-sequence ids named here, the main one first; may be empty
 */
public record HuggingFaceConfig(
    Architecture architecture, int context, DecoderShape shape, OptionalInt bos, List<Integer> eos)
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
      case GPT2 -> Gpt2Fields.read(config);
      case GPT_NEOX -> GptNeoxFields.read(config);
      case GEMMA3 -> Gemma3Fields.read(config);
      case LLAMA, MISTRAL, QWEN2, QWEN3 -> LlamaFields.read(architecture, config);
    };
  }

  /** The file of a folder, refused where it describes quantised weights. */
  static JsonValue json(Path directory) {
    FolderKind.requireModel(directory);
    JsonValue config = JsonValue.readPython(directory.resolve(FILE));
    QuantisedWeights.refuse(config);
    ConfigFields.requireFlag(config, "is_causal", true);
    Optional<JsonValue> perLayer = config.find("per_layer_config");
    if (perLayer.isPresent()) {
      throw perLayer.get().unlike("absent: blocks of different shapes are not supported");
    }
    return config;
  }

  @Override
  public int hidden() {
    return shape.embedding().width();
  }

  @Override
  public int layers() {
    return shape.blocks().count();
  }

  @Override
  public int vocabulary() {
    return shape.embedding().vocabulary();
  }

  /**
   * The longest sequence on which attention that always reaches back to the first token computes
   * the same as this model's: what an engine without sliding windows may take.
   */
  public int contextWithoutWindow() {
    return shape
        .attention()
        .window()
        .map(window -> Math.min(context, window.length()))
        .orElse(context);
  }

  static OptionalInt id(JsonValue config, String key) {
    List<Integer> ids = ids(config, key);
    return ids.isEmpty() ? OptionalInt.empty() : OptionalInt.of(ids.getFirst());
  }

  /**
   * One id or a list of them, as generation settings allow. A number that can be no id, such as -1,
   * means that there is none.
   */
  static List<Integer> ids(JsonValue config, String key) {
    Optional<JsonValue> value = config.find(key);
    if (value.isEmpty()) {
      return List.of();
    }
    List<JsonValue> ids = value.get().isArray() ? value.get().elements() : List.of(value.get());
    return ids.stream()
        .filter(id -> !id.isNull())
        .filter(id -> !id.isWholeNumber() || (id.isInteger() && isIndex(id)))
        .map(id -> (int) id.integer(0, Integer.MAX_VALUE))
        .toList();
  }

  private static boolean isIndex(JsonValue id) {
    long value = id.integer(Long.MIN_VALUE, Long.MAX_VALUE);
    return value >= 0 && value <= Integer.MAX_VALUE;
  }
}
