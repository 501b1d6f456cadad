package dev.mneme.store.hf;

import dev.mneme.store.json.JsonValue;
import java.util.Optional;
import java.util.Set;

/** What the readers of all families' {@code config.json} share. */
final class ConfigFields {

  /** Far more than any model has; keeps lists of tensors and graphs short. */
  private static final int MAX_LAYERS = 512;

  private ConfigFields() {}

  static int layers(JsonValue value) {
    return (int) value.integer(1, MAX_LAYERS);
  }

  static boolean flag(JsonValue config, String key, boolean byDefault) {
    return config.find(key).map(JsonValue::bool).orElse(byDefault);
  }

  static double positive(JsonValue config, String key, double byDefault) {
    return config.find(key).map(JsonValue::positive).orElse(byDefault);
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

  static int even(JsonValue headDim) {
    if (headDim.count() % 2 != 0) {
      throw headDim.unlike("even, because rotary embeddings turn pairs");
    }
    return headDim.count();
  }

  /** The width of a head where the heads divide the model's width among them. */
  static int quotient(JsonValue field, int hidden, int heads) {
    if (hidden % heads != 0 || hidden / heads % 2 != 0) {
      throw field.unlike("a divisor of the width %d that leaves an even head".formatted(hidden));
    }
    return hidden / heads;
  }

  static void requireQuotient(JsonValue headDim, int hidden, int heads) {
    if ((long) headDim.count() * heads != hidden) {
      throw headDim.unlike("hidden_size / num_attention_heads = %d / %d".formatted(hidden, heads));
    }
  }

  static void requireGroups(JsonValue config, int heads, int kvHeads) {
    if (heads % kvHeads != 0) {
      throw config
          .get("num_key_value_heads")
          .unlike("a divisor of the %d attention heads".formatted(heads));
    }
  }
}
