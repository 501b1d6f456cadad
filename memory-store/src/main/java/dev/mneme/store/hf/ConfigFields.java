package dev.mneme.store.hf;

import dev.mneme.MalformedFileException;
import dev.mneme.store.json.JsonValue;
import java.util.Optional;

/** What the readers of all families' {@code config.json} share. */
final class ConfigFields {

  /** Far more than any model has; keeps lists of tensors and graphs short. */
  private static final int MAX_LAYERS = 512;

  private ConfigFields() {}

  static int layers(JsonValue config, String key, int byDefault) {
    return config.find(key).map(ConfigFields::layers).orElse(byDefault);
  }

  static int layers(JsonValue value) {
    return (int) value.integer(1, MAX_LAYERS);
  }

  static int count(JsonValue config, String key, int byDefault) {
    return config.find(key).map(JsonValue::count).orElse(byDefault);
  }

  static boolean flag(JsonValue config, String key, boolean byDefault) {
    return config.find(key).map(JsonValue::bool).orElse(byDefault);
  }

  static double positive(JsonValue config, String key, double byDefault) {
    return config.find(key).map(JsonValue::positive).orElse(byDefault);
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
  static int quotient(JsonValue config, String headsKey, int hidden, int heads) {
    if (hidden % heads != 0 || hidden / heads % 2 != 0) {
      String expected = "a divisor of the width %d that leaves an even head".formatted(hidden);
      throw unlike(config, headsKey, expected, heads);
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
      throw unlike(
          config,
          "num_key_value_heads",
          "a divisor of the %d attention heads".formatted(heads),
          kvHeads);
    }
  }

  /** The complaint about a field that may be absent, so that its default is what is wrong. */
  private static MalformedFileException unlike(
      JsonValue config, String key, String expected, int value) {
    return config
        .find(key)
        .map(field -> field.unlike(expected))
        .orElseGet(
            () ->
                new MalformedFileException(
                    "%s: \"%s\" must be %s; it is absent, which means %d"
                        .formatted(config.origin(), key, expected, value)));
  }
}
