package dev.mneme.store.hf;

import dev.mneme.MnemeException;
import dev.mneme.store.gguf.GgufWriter;
import dev.mneme.store.hf.Rotary.Rotation;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a GGUF file says of rotary positions. llama.cpp's graph of the family {@code llama} takes
 * any divisors of the frequencies from a tensor; the graphs of the others compute linear scaling
 * and YaRN with its usual ramp.
 */
final class RotaryGguf {

  /** The tensor of divisors. */
  static final String DIVISORS = "rope_freqs.weight";

  private static final RopeScaling.Yarn.Ramp USUAL_RAMP = new RopeScaling.Yarn.Ramp(32, 1, true);

  private final HuggingFaceConfig config;
  private final Rotary rotary;
  private final Path directory;
  private final String prefix;

  RotaryGguf(HuggingFaceConfig config, Path directory) {
    this.config = config;
    this.rotary = config.shape().rotary().orElseThrow();
    this.directory = directory;
    this.prefix = config.architecture().gguf() + ".rope.";
  }

  /**
   * Writes the keys.
   *
   * @throws MnemeException if llama.cpp would rotate otherwise; names the field
   */
  void put(GgufWriter writer) {
    writer.putUint32(prefix + "dimension_count", rotary.width());
    writer.putFloat32(prefix + "freq_base", (float) rotary.full().theta());
    switch (rotary.full().scaling()) {
      case RopeScaling.None() -> {}
      case RopeScaling.Linear(double factor) -> {
        writer.put(prefix + "scaling.type", "linear");
        writer.putFloat32(prefix + "scaling.factor", (float) factor);
      }
      case RopeScaling.Llama3 _ -> requireDivisors("llama3");
      case RopeScaling.LongRope longRope -> {
        requireDivisors("longrope");
        putMagnitude(writer, longRope.magnitude());
      }
      case RopeScaling.Yarn yarn -> {
        if (takesDivisors()) {
          putMagnitude(writer, yarn.magnitude());
        } else {
          putYarn(writer, yarn);
        }
      }
    }
  }

  /** The divisors of the frequencies where they are a tensor of the file. */
  Optional<float[]> divisors() {
    Rotation rotation = rotary.full();
    boolean keysSuffice =
        rotation.scaling() instanceof RopeScaling.None
            || rotation.scaling() instanceof RopeScaling.Linear;
    if (keysSuffice || !takesDivisors()) {
      return Optional.empty();
    }
    double[] divisors = rotation.scaling().divisors(rotary.width(), rotation.theta());
    var floats = new float[divisors.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) divisors[i];
    }
    return Optional.of(floats);
  }

  private boolean takesDivisors() {
    return config.architecture().gguf().equals("llama");
  }

  private void requireDivisors(String type) {
    if (!takesDivisors()) {
      throw refusal(type);
    }
  }

  private void putMagnitude(GgufWriter writer, double magnitude) {
    writer.putFloat32(prefix + "scaling.attn_factor", (float) magnitude);
  }

  /** llama.cpp multiplies by YaRN's own magnitude, so that only what differs is to be said. */
  private void putYarn(GgufWriter writer, RopeScaling.Yarn yarn) {
    if (!takesYarn() || !yarn.ramp().equals(USUAL_RAMP)) {
      throw refusal("yarn");
    }
    writer.put(prefix + "scaling.type", "yarn");
    writer.putFloat32(prefix + "scaling.factor", (float) yarn.factor());
    writer.putUint32(prefix + "scaling.original_context_length", yarn.originalContext());
    putMagnitude(writer, yarn.magnitude() / (1 + 0.1 * Math.log(yarn.factor())));
  }

  private MnemeException refusal(String type) {
    return GgufLimits.refusal(
        directory,
        config.architecture(),
        "rope_type",
        takesYarn() ? "linear, or yarn with its usual ramp," : "linear",
        type);
  }

  private boolean takesYarn() {
    return config.architecture() != HuggingFaceConfig.Architecture.GEMMA3;
  }
}
