package dev.mneme.llamacpp.internal;

import com.google.common.collect.ImmutableSet;
import dev.mneme.MalformedFileException;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.gguf.GgufValue;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Refuses, before llama.cpp opens it, a GGUF file on which llama.cpp would end the process: it
 * asserts on these instead of returning an error.
 *
 * <p>Here are the values of keys; {@link KeyTypes} has their types, {@link TensorGuard} the
 * tensors, {@link TokenizerGuard} the tokenizer and {@link ReleaseGuard} what depends on the
 * release. What llama.cpp refuses by itself is left to it.
 */
final class GgufGuard {

  /** What a tensor's address must be a multiple of. */
  private static final long LEAST_ALIGNMENT = 32;

  private static final Set<String> ROPE_SCALINGS =
      ImmutableSet.of("none", "linear", "yarn", "longrope");

  private final GgufFile file;
  private final ModelShape shape;
  private final Architecture architecture;

  private GgufGuard(GgufFile file, ModelShape shape) {
    this.file = file;
    this.shape = shape;
    this.architecture = shape.architecture();
  }

  /**
   * Checks a file.
   *
   * @return its shape
   * @throws MalformedFileException naming the key or tensor
   */
  static ModelShape check(GgufFile file) {
    Architecture architecture = Architecture.of(file);
    KeyTypes.check(file, architecture.name());
    requireNextTokens(file, architecture);
    ModelShape shape = ModelShape.of(file);
    var guard = new GgufGuard(file, shape);
    guard.checkAlignment();
    guard.checkHeads();
    guard.checkNumbers();
    guard.checkRotation();
    guard.checkWindow();
    guard.checkExperts();
    guard.checkExtraBlocks();
    TensorGuard.check(file, shape);
    TokenizerGuard.check(file, architecture.name());
    return shape;
  }

  private void checkAlignment() {
    long alignment = file.integer("general.alignment").orElse(LEAST_ALIGNMENT);
    if (alignment < LEAST_ALIGNMENT) {
      throw malformed(
          "general.alignment",
          "is %d, but llama.cpp needs tensors aligned at %d bytes or more; write the file again with the default"
              .formatted(alignment, LEAST_ALIGNMENT));
    }
  }

  private static void requireNextTokens(GgufFile file, Architecture architecture) {
    boolean causal = file.bool(architecture.name() + ".attention.causal").orElse(true);
    if (architecture.isEncoder() || !causal) {
      throw new MalformedFileException(
          "%s: general.architecture is %s, which does not predict next tokens"
              .formatted(file.path(), architecture.name()));
    }
  }

  private void checkHeads() {
    for (int block = 0; block < shape.blocks(); block++) {
      long heads = shape.heads().get(block);
      long pairs = shape.pairs().get(block);
      if (pairs != 0 && heads % pairs != 0) {
        throw malformed(
            key("attention.head_count_kv"),
            "is %d in block %d, which does not divide its %d heads".formatted(pairs, block, heads));
      }
    }
    long keys = shape.keyLength();
    long values = shape.valueLength();
    if (keys < 1 || values < 1 || Math.max(keys, values) > Integer.MAX_VALUE) {
      throw malformed(
          key("attention.key_length"),
          "and value_length are %d and %d, but must be 1 or more".formatted(keys, values));
    }
    if (keys != values && architecture.hasPlainHeads()) {
      throw malformed(
          key("attention.key_length"),
          "and value_length are %d and %d, but heads need as many keys as values"
              .formatted(keys, values));
    }
  }

  /** Epsilons are asserted to be no less than zero; what is no number makes nothing but NaN. */
  private void checkNumbers() {
    for (String epsilon :
        List.of("layer_norm_rms_epsilon", "layer_norm_epsilon", "group_norm_epsilon")) {
      String key = key("attention." + epsilon);
      if (file.metadata().get(key) instanceof GgufValue.Real(_, double value)
          && !(value >= 0 && value < 1)) {
        throw malformed(key, "is %s, but must lie in [0, 1)".formatted(value));
      }
    }
    String prefix = architecture.name() + ".";
    file.metadata()
        .forEach(
            (key, value) -> {
              if (key.startsWith(prefix)
                  && value instanceof GgufValue.Real(_, double number)
                  && !Double.isFinite(number)) {
                throw malformed(key, "is %s, but must be a finite number".formatted(number));
              }
            });
  }

  /** Rotary positions turn pairs of a head's elements, by a scaling that has a name. */
  private void checkRotation() {
    String scaling = file.string(key("rope.scaling.type")).orElse("none");
    if (!ROPE_SCALINGS.contains(scaling)) {
      throw malformed(
          key("rope.scaling.type"), "is \"%s\"; known are %s".formatted(scaling, ROPE_SCALINGS));
    }
    if (architecture.isUnrotated()) {
      return;
    }
    long keys = shape.keyLength();
    long rotated = number("rope.dimension_count").orElse(keys);
    if (rotated % 2 != 0 || rotated < 1 || rotated > keys) {
      throw malformed(
          key("rope.dimension_count"),
          "is %d, but must be even, more than 0 and at most the %d elements of a head"
              .formatted(rotated, keys));
    }
    if (rotated != keys && architecture.isWhollyRotated()) {
      throw malformed(
          key("rope.dimension_count"),
          "is %d, but this architecture rotates all %d elements of a head"
              .formatted(rotated, keys));
    }
  }

  private void checkWindow() {
    OptionalLong window = number("attention.sliding_window");
    if (architecture.isWindowed() && window.isPresent() && window.getAsLong() < 1) {
      throw malformed(
          key("attention.sliding_window"),
          "is %d, but must be 1 or more".formatted(window.getAsLong()));
    }
    if (architecture.isWindowed() || !architecture.hasPlainHeads()) {
      checkWindowPattern();
    }
  }

  /** Which blocks have a window: all but every nth, or a flag for each; one of them must have. */
  private void checkWindowPattern() {
    String key = key("attention.sliding_window_pattern");
    switch (file.metadata().get(key)) {
      case GgufValue.Int(_, long period) when period == 1 ->
          throw malformed(key, "is 1, so that no block has a window");
      case GgufValue.Numbers flags -> {
        if (flags.length() != shape.blocks()) {
          throw malformed(
              key,
              "has %d items, but there are %d blocks".formatted(flags.length(), shape.blocks()));
        }
        if (flags.isAllZero()) {
          throw malformed(key, "is 0 in every block, so that none has a window");
        }
      }
      case null, default -> {}
    }
  }

  private void checkExperts() {
    long experts = number("expert_count").orElse(0);
    long used = number("expert_used_count").orElse(0);
    if (used < 0 || used > experts || (used == 0 && experts > 0)) {
      throw malformed(key("expert_used_count"), "is %d of %d experts".formatted(used, experts));
    }
    checkExpertGroups(experts);
  }

  /** Newer releases read these of every file; to older ones they mean nothing. */
  private void checkExpertGroups(long experts) {
    long groups = numberIfOne("expert_group_count");
    long used = numberIfOne("expert_group_used_count");
    if (groups != 0 && (groups < 0 || groups >= experts || experts % groups != 0)) {
      throw malformed(key("expert_group_count"), "is %d for %d experts".formatted(groups, experts));
    }
    if (groups > 1 && (used < 1 || used >= groups)) {
      throw malformed(key("expert_group_used_count"), "is %d of %d groups".formatted(used, groups));
    }
  }

  /** A number, or 0 where the key is absent or of another type: then the library refuses it. */
  private long numberIfOne(String key) {
    return file.metadata().get(key(key)) instanceof GgufValue.Int(_, long value) ? value : 0;
  }

  /** Blocks that predict further tokens are counted among all. */
  private void checkExtraBlocks() {
    String key = key("nextn_predict_layers");
    if (file.metadata().get(key) instanceof GgufValue.Int(_, long extra)
        && (extra < 0 || extra >= shape.blocks())) {
      throw malformed(key, "is %d of %d blocks".formatted(extra, shape.blocks()));
    }
  }

  private String key(String name) {
    return architecture.name() + "." + name;
  }

  private OptionalLong number(String key) {
    return file.integer(key(key));
  }

  private MalformedFileException malformed(String key, String problem) {
    return new MalformedFileException("%s: %s %s".formatted(file.path(), key, problem));
  }
}
