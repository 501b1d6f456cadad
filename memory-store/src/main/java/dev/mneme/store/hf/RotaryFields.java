package dev.mneme.store.hf;

import dev.mneme.MalformedFileException;
import dev.mneme.store.hf.Rotary.Rotation;
import dev.mneme.store.json.JsonValue;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The rotary fields of a {@code config.json}: at its top, in {@code rope_scaling} or in {@code
 * rope_parameters}. Read as transformers 5 does: one of the two blocks counts, {@code rope_scaling}
 * before {@code rope_parameters}; a base that it does not name is taken from the top, and else the
 * family's default.
 */
final class RotaryFields {

  private static final String THETA = "rope_theta";
  private static final String SHARE = "partial_rotary_factor";
  private static final String SCALING = "rope_scaling";
  private static final String PARAMETERS = "rope_parameters";

  /** What transformers takes where nothing names the base of the frequencies. */
  private static final double DEFAULT_THETA = 10_000;

  /** What transformers takes for Gemma 3 where nothing names the base of the frequencies. */
  private static final double DEFAULT_GEMMA_THETA = 1_000_000;

  /** What transformers takes for GPT-NeoX where nothing names the rotated share of a head. */
  private static final double DEFAULT_NEOX_SHARE = 0.25;

  private final JsonValue config;
  private final int context;
  private final int headWidth;

  /**
   * The fields of a model.
   *
   * @param context tokens it was trained for, which some scalings refer to
   * @param headWidth floats of a head
   */
  RotaryFields(JsonValue config, int context, int headWidth) {
    this.config = config;
    this.context = context;
    this.headWidth = headWidth;
  }

  /** The rotation of a family that has no fields of its own for it. */
  Rotary common() {
    ScalingFields fields = flat();
    requireWholeHeads();
    return new Rotary(
        headWidth,
        new Rotation(theta(fields, THETA, DEFAULT_THETA), fields.scaling(headWidth, context)));
  }

  /**
   * The rotation of a GPT-NeoX, which calls its fields otherwise.
   *
   * @throws MalformedFileException if what is rotated of a head are no pairs, or more than it has
   */
  Rotary neox() {
    ScalingFields fields = flat();
    double theta = agreed(fields, THETA, "rotary_emb_base", DEFAULT_THETA);
    int width = neoxWidth(fields);
    return new Rotary(width, new Rotation(theta, fields.scaling(width, context)));
  }

  /** The rotations of a Gemma 3, which has one for either kind of block. */
  Rotary gemma() {
    requireWholeHeads();
    Optional<JsonValue> parameters = config.find(PARAMETERS);
    parameters.ifPresent(RotaryFields::requireByKind);
    Optional<JsonValue> scaling = config.find(SCALING);
    scaling.ifPresent(RotaryFields::requireFlat);
    scaling
        .filter(s -> s.find("rope_type").isEmpty())
        .flatMap(s -> s.find("type"))
        .ifPresent(
            type -> {
              throw type.unlike("called \"rope_type\", the only name that is read for Gemma 3");
            });
    var full =
        new ScalingFields(
            config, Stream.of(scaling, parameters.flatMap(p -> p.find(WindowFields.FULL))));
    var windowed =
        new ScalingFields(config, Stream.of(parameters.flatMap(p -> p.find(WindowFields.SLIDING))));
    return new Rotary(
        headWidth,
        new Rotation(
            agreed(full, THETA, THETA, DEFAULT_GEMMA_THETA), full.scaling(headWidth, context)),
        new Rotation(
            agreed(windowed, THETA, "rope_local_base_freq", DEFAULT_THETA),
            windowed.scaling(headWidth, context)));
  }

  /** The one block that counts. */
  private ScalingFields flat() {
    Optional<JsonValue> scaling = config.find(SCALING).filter(s -> !s.members().isEmpty());
    Optional<JsonValue> block = scaling.or(() -> config.find(PARAMETERS));
    block.ifPresent(RotaryFields::requireFlat);
    return new ScalingFields(config, Stream.of(block));
  }

  /** Refuses a block with blocks for kinds of attention in it, where a family reads none. */
  private static void requireFlat(JsonValue block) {
    Stream.of(WindowFields.FULL, WindowFields.SLIDING)
        .flatMap(kind -> block.find(kind).stream())
        .findFirst()
        .ifPresent(
            nested -> {
              throw nested.unlike(
                  "absent: rotary fields of each kind of attention are read for Gemma 3 only");
            });
  }

  private static void requireByKind(JsonValue parameters) {
    Stream.of(THETA, "rope_type", "type", "factor")
        .flatMap(key -> parameters.find(key).stream())
        .findFirst()
        .ifPresent(
            field -> {
              throw field.unlike(
                  "in \"%s\" or in \"%s\", as Gemma 3 has its rotary fields"
                      .formatted(WindowFields.FULL, WindowFields.SLIDING));
            });
  }

  private double theta(ScalingFields fields, String topName, double byDefault) {
    return fields
        .find(THETA)
        .or(() -> config.find(topName))
        .map(JsonValue::positive)
        .orElse(byDefault);
  }

  private int neoxWidth(ScalingFields fields) {
    double share = agreed(fields, SHARE, "rotary_pct", DEFAULT_NEOX_SHARE);
    int width = (int) (headWidth * share);
    if (share > 1 || width < 2 || width % 2 != 0) {
      throw fields
          .find(SHARE)
          .or(() -> config.find("rotary_pct"))
          .or(() -> config.find("num_attention_heads"))
          .orElse(config)
          .unlike(
              "such that an even number of a head's %d floats is rotated, 2 or more"
                  .formatted(headWidth));
    }
    return width;
  }

  /** Refuses heads that are rotated in part. */
  private void requireWholeHeads() {
    Stream.of(Optional.of(config), config.find(SCALING), config.find(PARAMETERS))
        .flatMap(Optional::stream)
        .flatMap(block -> block.find(SHARE).stream())
        .filter(share -> share.number() != 1)
        .findFirst()
        .ifPresent(
            share -> {
              throw share.unlike("1: heads of this family rotated in part are not supported");
            });
  }

  /**
   * What transformers computes with where a family has its own name at the top. Some releases wrote
   * it under the common name at the top too, where none reads it, so a value there that differs is
   * refused.
   */
  private double agreed(ScalingFields fields, String name, String topName, double byDefault) {
    Optional<JsonValue> top = config.find(topName);
    double value = fields.find(name).or(() -> top).map(JsonValue::positive).orElse(byDefault);
    Stream<Optional<JsonValue>> others =
        topName.equals("rope_local_base_freq") ? Stream.of(top) : Stream.of(top, config.find(name));
    others
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
