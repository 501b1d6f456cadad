package dev.mneme;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * {@link Softmax} in plain Java: the fallback, and what {@link VectorSoftmax} is tested against.
 */
@SuppressWarnings(
    "FloatingPointLiteralPrecision") // the digits are those of the published constants
final class ScalarSoftmax implements Softmax {

  // exp(x) = 2^n · e^r with n = round(x · log2 e) and |r| <= ln 2 / 2. Adding and subtracting ROUND
  // rounds to an integer and leaves it in the low mantissa bits. The polynomial is the minimax one
  // of
  // the Cephes library's expf; the relative error stays below 1.5e-7.
  static final float LOWEST = -87.33f;
  static final float LOG2_E = 1.44269504f;
  static final float ROUND = 12_582_912f;
  static final float LN2_HIGH = 0.693359375f;
  static final float LN2_LOW = -2.12194440e-4f;
  static final float C5 = 1.9875691500e-4f;
  static final float C4 = 1.3981999507e-3f;
  static final float C3 = 8.3334519073e-3f;
  static final float C2 = 4.1665795894e-2f;
  static final float C1 = 1.6666665459e-1f;
  static final float C0 = 5.0000001201e-1f;
  static final int ONE_BITS = 0x3F800000;

  static float exp(float x) {
    if (x < LOWEST) {
      return 0f;
    }
    float shifted = Math.fma(x, LOG2_E, ROUND);
    float n = shifted - ROUND;
    float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, x));
    float p = Math.fma(C5, r, C4);
    p = Math.fma(p, r, C3);
    p = Math.fma(p, r, C2);
    p = Math.fma(p, r, C1);
    p = Math.fma(p, r, C0);
    p = Math.fma(p, r * r, r + 1f);
    return p * Float.intBitsToFloat((Float.floatToRawIntBits(shifted) << 23) + ONE_BITS);
  }

  @Override
  public float finiteMax(MemorySegment row, int width) {
    float max = Float.NEGATIVE_INFINITY;
    float poison = 0f; // stays 0 unless something is NaN or infinite
    for (int i = 0; i < width; i++) {
      float x = row.getAtIndex(JAVA_FLOAT, i);
      max = Math.max(max, x);
      poison = Math.fma(x, 0f, poison);
    }
    return max + poison;
  }

  @Override
  public double exponentials(MemorySegment row, int width, float max, float[] into) {
    double sum = 0;
    for (int i = 0; i < width; i++) {
      float e = exp(row.getAtIndex(JAVA_FLOAT, i) - max);
      into[i] = e;
      sum += e;
    }
    return sum;
  }

  @Override
  public void scale(float[] source, float scale, float[] into, int width) {
    for (int i = 0; i < width; i++) {
      into[i] = scale * source[i];
    }
  }

  @Override
  public void addScaled(float[] source, float scale, float[] into, int width) {
    for (int i = 0; i < width; i++) {
      into[i] = Math.fma(scale, source[i], into[i]);
    }
  }
}
