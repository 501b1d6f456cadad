package dev.mneme;

import java.lang.foreign.MemorySegment;

/**
 * The inner loops of mixing: one scalar version that any JVM runs, one on the Vector API, the same
 * arithmetic element by element. Stateless.
 */
interface Softmax {

  /**
   * The largest of {@code width} floats.
   *
   * @return NaN if any of them is NaN or infinite
   */
  float finiteMax(MemorySegment row, int width);

  /**
   * Writes {@code exp(row[i] - max)} and returns the sum.
   *
   * @param max the largest of the row, so that no exponential exceeds 1
   * @param into at least {@code width} floats; differences below -87.3 become 0
   */
  double exponentials(MemorySegment row, int width, float max, float[] into);

  /** {@code into[i] = scale * source[i]}. */
  void scale(float[] source, float scale, float[] into, int width);

  /** {@code into[i] += scale * source[i]}. */
  void addScaled(float[] source, float scale, float[] into, int width);

  /** The fastest version this JVM can run. */
  static Softmax fastest() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
        ? new VectorSoftmax()
        : new ScalarSoftmax();
  }
}
