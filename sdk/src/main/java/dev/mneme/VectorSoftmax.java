package dev.mneme;

import static dev.mneme.ScalarSoftmax.C0;
import static dev.mneme.ScalarSoftmax.C1;
import static dev.mneme.ScalarSoftmax.C2;
import static dev.mneme.ScalarSoftmax.C3;
import static dev.mneme.ScalarSoftmax.C4;
import static dev.mneme.ScalarSoftmax.C5;
import static dev.mneme.ScalarSoftmax.LN2_HIGH;
import static dev.mneme.ScalarSoftmax.LN2_LOW;
import static dev.mneme.ScalarSoftmax.LOG2_E;
import static dev.mneme.ScalarSoftmax.LOWEST;
import static dev.mneme.ScalarSoftmax.ONE_BITS;
import static dev.mneme.ScalarSoftmax.ROUND;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** {@link Softmax} on the Vector API; needs {@code --add-modules jdk.incubator.vector}. */
final class VectorSoftmax implements Softmax {

  private static final VectorSpecies<Float> LANES = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /** Vectors summed in float before the sum moves to double, which keeps its error near one ulp. */
  private static final int BLOCK = 64 * LANES.length();

  private static FloatVector load(MemorySegment row, int i) {
    return FloatVector.fromMemorySegment(LANES, row, (long) i * Float.BYTES, ORDER);
  }

  private static FloatVector exp(FloatVector x) {
    FloatVector shifted =
        x.fma(FloatVector.broadcast(LANES, LOG2_E), FloatVector.broadcast(LANES, ROUND));
    FloatVector n = shifted.sub(ROUND);
    FloatVector r = n.fma(FloatVector.broadcast(LANES, -LN2_HIGH), x);
    r = n.fma(FloatVector.broadcast(LANES, -LN2_LOW), r);
    FloatVector p = r.fma(FloatVector.broadcast(LANES, C5), FloatVector.broadcast(LANES, C4));
    p = p.fma(r, FloatVector.broadcast(LANES, C3));
    p = p.fma(r, FloatVector.broadcast(LANES, C2));
    p = p.fma(r, FloatVector.broadcast(LANES, C1));
    p = p.fma(r, FloatVector.broadcast(LANES, C0));
    p = p.fma(r.mul(r), r.add(1f));
    FloatVector power =
        shifted
            .reinterpretAsInts()
            .lanewise(VectorOperators.LSHL, 23)
            .add(ONE_BITS)
            .reinterpretAsFloats();
    return p.mul(power).blend(0f, x.lt(LOWEST));
  }

  @Override
  public float finiteMax(MemorySegment row, int width) {
    int bound = LANES.loopBound(width);
    FloatVector max = FloatVector.broadcast(LANES, Float.NEGATIVE_INFINITY);
    FloatVector poison = FloatVector.zero(LANES);
    FloatVector zero = FloatVector.zero(LANES);
    for (int i = 0; i < bound; i += LANES.length()) {
      FloatVector x = load(row, i);
      max = max.max(x);
      poison = x.fma(zero, poison);
    }
    float tailMax = max.reduceLanes(VectorOperators.MAX);
    float tailPoison = poison.reduceLanes(VectorOperators.ADD);
    for (int i = bound; i < width; i++) {
      float x = row.getAtIndex(JAVA_FLOAT, i);
      tailMax = Math.max(tailMax, x);
      tailPoison = Math.fma(x, 0f, tailPoison);
    }
    return tailMax + tailPoison;
  }

  @Override
  public double exponentials(MemorySegment row, int width, float max, float[] into) {
    int bound = LANES.loopBound(width);
    float[] lanes = new float[LANES.length()];
    double sum = 0;
    for (int start = 0; start < bound; start += BLOCK) {
      int end = Math.min(bound, start + BLOCK);
      FloatVector partial = FloatVector.zero(LANES);
      for (int i = start; i < end; i += LANES.length()) {
        FloatVector e = exp(load(row, i).sub(max));
        e.intoArray(into, i);
        partial = partial.add(e);
      }
      partial.intoArray(lanes, 0);
      for (float lane : lanes) {
        sum += lane; // reduceLanes may add in another order once it is compiled
      }
    }
    for (int i = bound; i < width; i++) {
      float e = ScalarSoftmax.exp(row.getAtIndex(JAVA_FLOAT, i) - max);
      into[i] = e;
      sum += e;
    }
    return sum;
  }

  @Override
  public void scale(float[] source, float scale, float[] into, int width) {
    int bound = LANES.loopBound(width);
    for (int i = 0; i < bound; i += LANES.length()) {
      FloatVector.fromArray(LANES, source, i).mul(scale).intoArray(into, i);
    }
    for (int i = bound; i < width; i++) {
      into[i] = scale * source[i];
    }
  }

  @Override
  public void addScaled(float[] source, float scale, float[] into, int width) {
    FloatVector factor = FloatVector.broadcast(LANES, scale);
    int bound = LANES.loopBound(width);
    for (int i = 0; i < bound; i += LANES.length()) {
      factor
          .fma(FloatVector.fromArray(LANES, source, i), FloatVector.fromArray(LANES, into, i))
          .intoArray(into, i);
    }
    for (int i = bound; i < width; i++) {
      into[i] = Math.fma(scale, source[i], into[i]);
    }
  }
}
