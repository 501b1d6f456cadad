package dev.mneme.store.hf;

import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import dev.mneme.store.json.JsonValue;
import java.util.List;
import java.util.Optional;

/** The fields of a {@code config.json} that limit how far back attention reaches. */
final class WindowFields {

  static final String FULL = "full_attention";
  static final String SLIDING = "sliding_attention";

  /** What transformers takes where {@code sliding_window} is absent. */
  private static final int DEFAULT_WINDOW = 4096;

  /** What transformers takes where {@code max_window_layers} is absent. */
  private static final int DEFAULT_QWEN_WINDOW_LAYERS = 28;

  /** What transformers takes for Gemma 3 where nothing says which blocks have no window. */
  private static final int DEFAULT_GEMMA_PERIOD = 6;

  private WindowFields() {}

  /** Llama has none; Mistral names one to use it, in all blocks. Not for Gemma 3. */
  static Optional<SlidingWindow> window(Architecture architecture, JsonValue config, int layers) {
    return switch (architecture) {
      case MISTRAL -> length(config).map(length -> new SlidingWindow(length, 0));
      case QWEN2, QWEN3 -> qwen(config, layers);
      case LLAMA, GPT2, GPT_NEOX, GEMMA3 -> Optional.empty();
    };
  }

  /** Qwen names a window always, and says whether it is used, and from which block on. */
  private static Optional<SlidingWindow> qwen(JsonValue config, int layers) {
    Optional<Integer> length = length(config);
    if (length.isEmpty() || !config.find("use_sliding_window").map(JsonValue::bool).orElse(false)) {
      return Optional.empty();
    }
    int firstBlock =
        config
            .find("max_window_layers")
            .map(first -> (int) first.integer(0, Integer.MAX_VALUE))
            .orElse(DEFAULT_QWEN_WINDOW_LAYERS);
    var window = new SlidingWindow(length.get(), firstBlock);
    requireKinds(config, window, "as max_window_layers says");
    return firstBlock < layers ? Optional.of(window) : Optional.empty();
  }

  /** Gemma 3 has one in all blocks but every sixth, or another number that the file names. */
  static SlidingWindow gemma(JsonValue config) {
    JsonValue named = config.members().get("sliding_window");
    int length = named == null ? DEFAULT_WINDOW : named.count();
    List<JsonValue> kinds = kinds(config);
    int firstFull = kinds.stream().map(JsonValue::string).toList().indexOf(FULL);
    int period =
        config
            .find("sliding_window_pattern")
            .or(() -> config.find("_sliding_window_pattern"))
            .map(JsonValue::count)
            .orElse(firstFull < 0 ? DEFAULT_GEMMA_PERIOD : firstFull + 1);
    var window = new SlidingWindow(length, 0, period);
    requireKinds(config, window, "so that every %d. block has no window".formatted(period));
    return window;
  }

  /** Null means none; an absent field does not. */
  private static Optional<Integer> length(JsonValue config) {
    return config.members().containsKey("sliding_window")
        ? config.find("sliding_window").map(JsonValue::count)
        : Optional.of(DEFAULT_WINDOW);
  }

  private static List<JsonValue> kinds(JsonValue config) {
    return config.find("layer_types").map(JsonValue::elements).orElse(List.of());
  }

  /** Newer files list every block's kind of attention as well. */
  private static void requireKinds(JsonValue config, SlidingWindow window, String reason) {
    List<JsonValue> kinds = kinds(config);
    for (int block = 0; block < kinds.size(); block++) {
      String expected = window.limits(block) ? SLIDING : FULL;
      if (!kinds.get(block).string().equals(expected)) {
        throw kinds.get(block).unlike("\"%s\", %s".formatted(expected, reason));
      }
    }
  }
}
