package dev.mneme.store.hf;

import dev.mneme.MalformedFileException;
import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import dev.mneme.store.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.IntPredicate;

/**
 * The fields of a {@code config.json} that limit how far back attention reaches. Where {@code
 * layer_types} lists every block's kind of attention, the list decides, as in transformers.
 */
final class WindowFields {

  static final String FULL = "full_attention";
  static final String SLIDING = "sliding_attention";

  private static final String KINDS = "layer_types";
  private static final String LENGTH = "sliding_window";

  /** What transformers calls full attention in lists of older releases. */
  private static final String OLD_FULL = "attention";

  /** What transformers takes where {@code sliding_window} is absent. */
  private static final int DEFAULT_WINDOW = 4096;

  /** What transformers takes where {@code max_window_layers} is absent. */
  private static final int DEFAULT_QWEN_WINDOW_LAYERS = 28;

  /** What transformers takes for Gemma 3 where nothing says which blocks have no window. */
  private static final int DEFAULT_GEMMA_PERIOD = 6;

  private final JsonValue config;
  private final int layers;

  private WindowFields(JsonValue config, int layers) {
    this.config = config;
    this.layers = layers;
  }

  /**
   * A model's window. Llama, GPT-2 and GPT-NeoX have none, whatever their files say.
   *
   * @throws MalformedFileException if the fields contradict each other, or name a kind of attention
   *     that is not supported
   */
  static Optional<SlidingWindow> read(Architecture family, JsonValue config, int layers) {
    var fields = new WindowFields(config, layers);
    return switch (family) {
      case MISTRAL -> fields.of(fields.length(), _ -> true);
      case QWEN2, QWEN3 -> fields.qwen();
      case GEMMA3 -> fields.gemma();
      case LLAMA, GPT2, GPT_NEOX -> Optional.empty();
    };
  }

  /** Qwen names a window always, and says whether it is used, and from which block on. */
  private Optional<SlidingWindow> qwen() {
    int firstBlock =
        config
            .find("max_window_layers")
            .map(first -> (int) first.integer(0, Integer.MAX_VALUE))
            .orElse(DEFAULT_QWEN_WINDOW_LAYERS);
    boolean used = ConfigFields.flag(config, "use_sliding_window", false);
    return of(used ? length() : Optional.empty(), block -> block >= firstBlock);
  }

  /** Gemma 3 has one in all blocks but every sixth, or another number that the file names. */
  private Optional<SlidingWindow> gemma() {
    JsonValue named = config.members().get(LENGTH);
    int length = named == null ? DEFAULT_WINDOW : named.count();
    int period =
        config.find("sliding_window_pattern").map(JsonValue::count).orElse(DEFAULT_GEMMA_PERIOD);
    return of(Optional.of(length), block -> (block + 1) % period != 0);
  }

  /**
   * The window.
   *
   * @param limited which blocks have it where the file does not list them
   */
  private Optional<SlidingWindow> of(Optional<Integer> length, IntPredicate limited) {
    Optional<List<Boolean>> listed = config.find(KINDS).map(this::listed);
    var blocks = new TreeSet<Integer>();
    for (int block = 0; block < layers; block++) {
      if (listed.isPresent()
          ? listed.get().get(block)
          : length.isPresent() && limited.test(block)) {
        blocks.add(block);
      }
    }
    if (blocks.isEmpty()) {
      return Optional.empty();
    }
    if (length.isEmpty()) {
      throw config
          .get(KINDS)
          .elements()
          .get(blocks.first())
          .unlike("\"" + FULL + "\", because the model uses no sliding window");
    }
    return Optional.of(new SlidingWindow(length.get(), blocks));
  }

  /** Whether each block of a list has the window. */
  private List<Boolean> listed(JsonValue kinds) {
    List<JsonValue> elements = kinds.elements();
    if (elements.size() != layers) {
      throw kinds.unlike(
          "a list of %d kinds of attention, one for each block, not of %d"
              .formatted(layers, elements.size()));
    }
    var listed = new ArrayList<Boolean>();
    for (JsonValue kind : elements) {
      listed.add(
          switch (kind.string()) {
            case SLIDING -> true;
            case FULL, OLD_FULL -> false;
            default -> throw kind.unlike("\"%s\" or \"%s\"".formatted(FULL, SLIDING));
          });
    }
    return listed;
  }

  /** Null means none; an absent field does not. */
  private Optional<Integer> length() {
    return config.members().containsKey(LENGTH)
        ? config.find(LENGTH).map(JsonValue::count)
        : Optional.of(DEFAULT_WINDOW);
  }
}
