package dev.mneme.store.hf;

import com.google.common.collect.ImmutableList;
import dev.mneme.MalformedFileException;
import dev.mneme.store.json.JsonValue;
import java.util.Arrays;
import java.util.Optional;

/**
 * The function between the matrices of a feed-forward network, under the names that transformers
 * gives it. Every family may have any of them.
 */
public enum Activation {
  /** {@code x · sigmoid(x)}. */
  SILU("silu", "swish"),
  /** {@code x · Φ(x)}, with the error function. */
  GELU("gelu", "gelu_python"),
  /** GELU's approximation with tanh; its names differ in how the same formula is written. */
  GELU_TANH("gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_fast", "gelu_accurate"),
  /** {@code x · sigmoid(1.702 · x)}. */
  QUICK_GELU("quick_gelu"),
  /** {@code max(x, 0)}. */
  RELU("relu"),
  /** {@code max(x, 0)²}. */
  RELU_SQUARED("relu2"),
  /** {@code min(max(x, 0), 6)}. */
  RELU6("relu6"),
  /** {@code x} where positive, else {@code x / 100}. */
  LEAKY_RELU("leaky_relu"),
  /** {@code x · min(max(x + 3, 0), 6) / 6}. */
  HARD_SWISH("hardswish"),
  /** {@code x · tanh(ln(1 + eˣ))}. */
  MISH("mish"),
  /** The hyperbolic tangent. */
  TANH("tanh"),
  /** {@code 1 / (1 + e⁻ˣ)}. */
  SIGMOID("sigmoid"),
  /** {@code x} itself. */
  LINEAR("linear");

  private final ImmutableList<String> names;

  Activation(String... names) {
    this.names = ImmutableList.copyOf(names);
  }

  /** The name that most models give it. */
  public String configName() {
    return names.getFirst();
  }

  /**
   * Reads a field.
   *
   * @throws MalformedFileException if it names no function that is computed here
   */
  static Activation read(JsonValue config, String key, Activation byDefault) {
    Optional<JsonValue> field = config.find(key);
    if (field.isEmpty()) {
      return byDefault;
    }
    String name = field.get().string();
    return Arrays.stream(values())
        .filter(activation -> activation.names.contains(name))
        .findFirst()
        .orElseThrow(
            () ->
                field
                    .get()
                    .unlike(
                        "one of the supported activations "
                            + Arrays.stream(values()).flatMap(a -> a.names.stream()).toList()));
  }
}
