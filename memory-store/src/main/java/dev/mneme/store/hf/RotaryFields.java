package dev.mneme.store.hf;

import dev.mneme.MalformedFileException;
import dev.mneme.store.json.JsonValue;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The rotary fields of a {@code config.json}: up to transformers 4 at its top, partly under names
 * of the family's own, from 5 on together in {@code rope_parameters}.
 */
final class RotaryFields {

  private static final String THETA = "rope_theta";
  private static final String SHARE = "partial_rotary_factor";

  /** What transformers takes where nothing names the base of the frequencies. */
  static final double DEFAULT_THETA = 10_000;

  /** What transformers takes for Gemma 3 where nothing names the base of the frequencies. */
  private static final double DEFAULT_GEMMA_THETA = 1_000_000;

  /** What transformers takes for GPT-NeoX where nothing names the rotated share of a head. */
  private static final double DEFAULT_NEOX_SHARE = 0.25;

  private final JsonValue config;
  private final Optional<JsonValue> parameters;

  RotaryFields(JsonValue config) {
    this.config = config;
    this.parameters = config.find("rope_parameters");
  }

  /** The base of the frequencies, for families that name it {@code rope_theta}. */
  double theta() {
    return parameters.orElse(config).find(THETA).map(JsonValue::positive).orElse(DEFAULT_THETA);
  }

  /** The base of the frequencies of a GPT-NeoX. */
  double neoxTheta() {
    return agreed(THETA, "rotary_emb_base", DEFAULT_THETA);
  }

  /**
   * Leading floats of each head that a GPT-NeoX rotates.
   *
   * @throws MalformedFileException if they are no pairs, or more than the head has
   */
  int neoxDim(int headDim) {
    double share = agreed(SHARE, "rotary_pct", DEFAULT_NEOX_SHARE);
    int dim = (int) (headDim * share);
    if (share > 1 || dim < 2 || dim % 2 != 0) {
      throw stretched()
          .flatMap(p -> p.find(SHARE))
          .or(() -> config.find("rotary_pct"))
          .orElse(config.get("num_attention_heads"))
          .unlike(
              "such that an even number of a head's %d floats is rotated, 2 or more"
                  .formatted(headDim));
    }
    return dim;
  }

  /** The base of the frequencies in Gemma 3's blocks without window. */
  double gemmaTheta() {
    return gemmaTheta(WindowFields.FULL, THETA, DEFAULT_GEMMA_THETA);
  }

  /** The base of the frequencies in Gemma 3's blocks with a window. */
  double gemmaLocalTheta() {
    return gemmaTheta(WindowFields.SLIDING, "rope_local_base_freq", DEFAULT_THETA);
  }

  private double gemmaTheta(String blocks, String oldName, double byDefault) {
    Optional<JsonValue> current = parameters.flatMap(p -> p.get(blocks).find(THETA));
    Optional<JsonValue> old = config.find(oldName);
    double value = current.or(() -> old).map(JsonValue::positive).orElse(byDefault);
    if (old.isPresent() && old.get().positive() != value) {
      throw old.get().unlike("%s, as rope_parameters has it".formatted(value));
    }
    return value;
  }

  /** How the frequencies in Gemma 3's blocks without window are stretched; no others may be. */
  RopeScaling gemmaScaling() {
    Optional<JsonValue> sliding = parameters.map(p -> p.get(WindowFields.SLIDING));
    scaling(sliding, List.of("default"));
    return scaling(
        config.find("rope_scaling").or(() -> parameters.map(p -> p.get(WindowFields.FULL))),
        List.of("default", "linear"));
  }

  /** Refuses heads that are rotated in part. */
  void requireWholeHeads() {
    Optional<JsonValue> share = parameters.orElse(config).find(SHARE).or(() -> config.find(SHARE));
    if (share.isPresent() && share.get().number() != 1) {
      throw share.get().unlike("1: heads of this family rotated in part are not supported");
    }
  }

  /**
   * How the frequencies are stretched.
   *
   * @param supported of {@code default}, {@code linear} and {@code llama3} those that the family's
   *     engine computes
   */
  RopeScaling scaling(List<String> supported) {
    return scaling(stretched(), supported);
  }

  private static RopeScaling scaling(Optional<JsonValue> found, List<String> supported) {
    if (found.isEmpty()) {
      return new RopeScaling.None();
    }
    JsonValue scaling = found.get();
    JsonValue type =
        scaling
            .find("rope_type")
            .or(() -> scaling.find("type"))
            .orElseGet(() -> scaling.get("rope_type"));
    if (!supported.contains(type.string())) {
      throw type.unlike("one of the family's supported rotary scalings " + supported);
    }
    return switch (type.string()) {
      case "linear" -> new RopeScaling.Linear(scaling.get("factor").positive());
      case "llama3" -> llama3(scaling);
      default -> new RopeScaling.None();
    };
  }

  private Optional<JsonValue> stretched() {
    return config.find("rope_scaling").or(() -> parameters);
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

  /**
   * What transformers computes with: the value beside the scaling (from 5 on), else under the
   * family's old name, else the default. Some releases wrote it under the common name at the top
   * too, where none reads it, so a value there that differs is refused.
   */
  private double agreed(String name, String oldName, double byDefault) {
    Optional<JsonValue> current = stretched().flatMap(p -> p.find(name));
    Optional<JsonValue> old = config.find(oldName);
    double value = current.or(() -> old).map(JsonValue::positive).orElse(byDefault);
    Stream.of(old, config.find(name))
        .flatMap(Optional::stream)
        .filter(other -> other.positive() != value)
        .findFirst()
        .ifPresent(
            other -> {
              throw other.unlike("%s, as the other rotary fields have it".formatted(value));
            });
    return value;
  }
}
