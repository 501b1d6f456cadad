package dev.mneme.djl;

import com.google.common.primitives.Floats;
import dev.mneme.store.hf.HuggingFaceConfig;
import dev.mneme.store.hf.RopeScaling;
import dev.mneme.store.hf.SlidingWindow;
import java.util.OptionalDouble;

/**
 * Cosines and sines by which rotary embeddings turn queries and keys: for each position and each
 * pair of a head's floats, of the angle position · theta^(-2i/width) for the i-th pair (RoFormer,
 * arXiv 2104.09864, 3.2.2), stretched where the model asks for it.
 *
 * @param cos [positions · pairs]
 * @param sin likewise
 */
@SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
record RotaryTable(int positions, int pairs, float[] cos, float[] sin) {

  /**
   * A model's tables. Where blocks with a window turn otherwise, theirs follow the others', so that
   * there are twice as many rows.
   */
  static RotaryTable of(int positions, HuggingFaceConfig config) {
    RotaryTable far = of(positions, config.rotaryDim(), config.ropeTheta(), config.ropeScaling());
    OptionalDouble nearTheta =
        config.slidingWindow().map(SlidingWindow::ropeTheta).orElse(OptionalDouble.empty());
    if (nearTheta.isEmpty()) {
      return far;
    }
    RotaryTable near =
        of(positions, config.rotaryDim(), nearTheta.getAsDouble(), new RopeScaling.None());
    return new RotaryTable(
        2 * positions,
        far.pairs,
        Floats.concat(far.cos, near.cos),
        Floats.concat(far.sin, near.sin));
  }

  static RotaryTable of(int positions, int width, double theta, RopeScaling scaling) {
    int pairs = width / 2;
    double[] frequencies = new double[pairs];
    float[] divisors =
        scaling instanceof RopeScaling.Llama3 llama3 ? llama3.divisors(width, theta) : new float[0];
    for (int i = 0; i < pairs; i++) {
      double divisor =
          switch (scaling) {
            case RopeScaling.None() -> 1;
            case RopeScaling.Linear(double factor) -> factor;
            case RopeScaling.Llama3 _ -> divisors[i];
          };
      frequencies[i] = Math.pow(theta, -2.0 * i / width) / divisor;
    }
    float[] cos = new float[positions * pairs];
    float[] sin = new float[cos.length];
    for (int i = 0; i < cos.length; i++) {
      int position = i / pairs;
      double angle = position * frequencies[i % pairs];
      cos[i] = (float) Math.cos(angle);
      sin[i] = (float) Math.sin(angle);
    }
    return new RotaryTable(positions, pairs, cos, sin);
  }
}
