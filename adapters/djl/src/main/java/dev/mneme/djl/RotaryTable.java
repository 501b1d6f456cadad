package dev.mneme.djl;

import com.google.common.primitives.Floats;
import dev.mneme.store.hf.RopeScaling;
import dev.mneme.store.hf.Rotary;
import dev.mneme.store.hf.Rotary.Rotation;

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
   * A model's tables. Where blocks with a window rotate otherwise, theirs follow the others', so
   * that there are twice as many rows.
   */
  static RotaryTable of(int positions, Rotary rotary) {
    RotaryTable full = of(positions, rotary.width(), rotary.full());
    if (!isDouble(rotary)) {
      return full;
    }
    RotaryTable windowed = of(positions, rotary.width(), rotary.windowed());
    return new RotaryTable(
        2 * positions,
        full.pairs,
        Floats.concat(full.cos, windowed.cos),
        Floats.concat(full.sin, windowed.sin));
  }

  /** The tables of a model that rotates nothing, which the script asks for all the same. */
  static RotaryTable none(int positions) {
    return new RotaryTable(positions, 1, new float[positions], new float[positions]);
  }

  /** Whether blocks with a window have tables of their own. */
  static boolean isDouble(Rotary rotary) {
    return !rotary.full().equals(rotary.windowed());
  }

  private static RotaryTable of(int positions, int width, Rotation rotation) {
    return of(positions, width, rotation.theta(), rotation.scaling());
  }

  static RotaryTable of(int positions, int width, double theta, RopeScaling scaling) {
    int pairs = width / 2;
    double[] divisors = scaling.divisors(width, theta);
    double[] frequencies = new double[pairs];
    for (int i = 0; i < pairs; i++) {
      frequencies[i] = Math.pow(theta, -2.0 * i / width) / divisors[i];
    }
    float[] cos = new float[positions * pairs];
    float[] sin = new float[cos.length];
    for (int i = 0; i < cos.length; i++) {
      int position = i / pairs;
      double angle = position * frequencies[i % pairs];
      cos[i] = (float) (scaling.magnitude() * Math.cos(angle));
      sin[i] = (float) (scaling.magnitude() * Math.sin(angle));
    }
    return new RotaryTable(positions, pairs, cos, sin);
  }
}
