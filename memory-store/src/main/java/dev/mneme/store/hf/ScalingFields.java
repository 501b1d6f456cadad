package dev.mneme.store.hf;

import dev.mneme.MalformedFileException;
import dev.mneme.store.json.JsonValue;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/** The fields of a {@code config.json} that stretch one rotation. */
final class ScalingFields {

  private static final String ORIGINAL_CONTEXT = "original_max_position_embeddings";
  private static final String MAGNITUDE = "attention_factor";

  /** YaRN's ramp where the file does not say, as its paper has it. */
  private static final double DEFAULT_FAST = 32;

  private static final double DEFAULT_SLOW = 1;

  private final JsonValue config;
  private final List<JsonValue> blocks;

  /**
   * The fields of one or more blocks.
   *
   * @param blocks the one that counts most first
   */
  ScalingFields(JsonValue config, Stream<Optional<JsonValue>> blocks) {
    this.config = config;
    this.blocks = blocks.flatMap(Optional::stream).toList();
  }

  Optional<JsonValue> find(String key) {
    return blocks.stream().flatMap(block -> block.find(key).stream()).findFirst();
  }

  /**
   * How the frequencies are stretched. Transformers' {@code dynamic} scaling changes nothing up to
   * the context a model was trained for, and longer sequences are refused.
   *
   * @param width floats of a head that are rotated
   * @param context tokens the model was trained for
   * @throws MalformedFileException if the scaling is of an unsupported type, or lacks a field
   */
  RopeScaling scaling(int width, int context) {
    Optional<JsonValue> type = find("rope_type").or(() -> find("type"));
    return switch (type.map(JsonValue::string).orElse("default")) {
      case "default" -> new RopeScaling.None();
      case "linear" -> new RopeScaling.Linear(required("factor", JsonValue::positive));
      case "dynamic" -> {
        required("factor", JsonValue::positive);
        yield new RopeScaling.None();
      }
      case "llama3" -> llama3(context);
      case "yarn" -> yarn(context);
      case "longrope" -> longRope(width, context);
      default ->
          throw type.orElseThrow()
              .unlike(
                  "one of the supported rotary scalings "
                      + List.of("default", "linear", "dynamic", "llama3", "yarn", "longrope"));
    };
  }

  private RopeScaling llama3(int context) {
    double low = required("low_freq_factor", JsonValue::positive);
    double high = required("high_freq_factor", JsonValue::positive);
    if (low >= high) {
      throw blocks.getFirst().get("high_freq_factor").unlike("above low_freq_factor, " + low);
    }
    return new RopeScaling.Llama3(
        required("factor", JsonValue::positive), low, high, originalContext(context));
  }

  private RopeScaling yarn(int context) {
    int original = originalContext(context);
    double factor = factor(context, original);
    double magnitude =
        find(MAGNITUDE).map(JsonValue::positive).orElseGet(() -> yarnMagnitude(factor));
    double fast = unlessZero("beta_fast", DEFAULT_FAST);
    double slow = unlessZero("beta_slow", DEFAULT_SLOW);
    boolean truncate = find("truncate").map(JsonValue::bool).orElse(true);
    return new RopeScaling.Yarn(
        factor, magnitude, new RopeScaling.Yarn.Ramp(fast, slow, truncate), original);
  }

  private double yarnMagnitude(double factor) {
    double mscale = unlessZero("mscale", 0);
    double ofAll = unlessZero("mscale_all_dim", 0);
    return mscale != 0 && ofAll != 0
        ? yarnMagnitude(factor, mscale) / yarnMagnitude(factor, ofAll)
        : yarnMagnitude(factor, 1);
  }

  private static double yarnMagnitude(double factor, double mscale) {
    return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
  }

  private RopeScaling longRope(int width, int context) {
    int original = originalContext(context);
    double factor = factor(context, original);
    double byFactor = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
    factors("long_factor", width);
    return new RopeScaling.LongRope(
        factors("short_factor", width),
        find(MAGNITUDE).map(JsonValue::positive).orElse(byFactor),
        original);
  }

  private List<Double> factors(String key, int width) {
    JsonValue list = required(key, Function.identity());
    List<Double> factors = list.elements().stream().map(JsonValue::positive).toList();
    if (factors.size() != width / 2) {
      throw list.unlike(
          "a list of %d numbers, one for each pair of floats, not of %d"
              .formatted(width / 2, factors.size()));
    }
    return factors;
  }

  /** Some models have it at the top of the file, which then counts. */
  private int originalContext(int context) {
    return config
        .find(ORIGINAL_CONTEXT)
        .or(() -> find(ORIGINAL_CONTEXT))
        .map(JsonValue::count)
        .orElse(context);
  }

  private double factor(int context, int original) {
    return find("factor").map(JsonValue::positive).orElse((double) context / original);
  }

  private double unlessZero(String key, double byDefault) {
    return find(key).map(JsonValue::number).filter(value -> value != 0).orElse(byDefault);
  }

  private <T> T required(String key, Function<JsonValue, T> read) {
    return read.apply(find(key).orElseGet(() -> blocks.getFirst().get(key)));
  }
}
