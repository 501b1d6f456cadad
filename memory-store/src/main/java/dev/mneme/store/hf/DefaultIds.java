package dev.mneme.store.hf;

import dev.mneme.store.json.JsonValue;
import java.util.Map;
import java.util.Optional;

/**
 * The special ids of a family where {@code config.json} leaves them out, as the transformers
 * library has them (5.24, the configuration class of each family).
 */
final class DefaultIds {

  private static final Map<String, Integer> BOS =
      Map.of("llama", 1, "mistral", 1, "gemma3_text", 2, "gpt2", 50256, "gpt_neox", 0);
  private static final Map<String, Integer> EOS =
      Map.of("llama", 2, "mistral", 2, "gemma3_text", 1, "gpt2", 50256, "gpt_neox", 2);

  private DefaultIds() {}

  /** The id that begins a sequence, unless the configuration names one, or says null. */
  static Optional<Integer> bos(JsonValue config) {
    return absent(config, "bos_token_id", BOS);
  }

  /** The id that ends a sequence, unless the configuration names one, or says null. */
  static Optional<Integer> eos(JsonValue config) {
    return absent(config, "eos_token_id", EOS);
  }

  private static Optional<Integer> absent(
      JsonValue config, String key, Map<String, Integer> defaults) {
    return config.members().containsKey(key)
        ? Optional.empty()
        : config
            .find("model_type")
            .filter(JsonValue::isString)
            .map(type -> defaults.get(type.string()));
  }
}
