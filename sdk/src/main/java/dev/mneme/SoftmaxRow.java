package dev.mneme;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;

/**
 * The softmax of one row of logits: exponentials for drawing, exact log-probabilities for scoring.
 * Reused over tokens; reads the row it was last given in place.
 */
final class SoftmaxRow implements Distribution {

  /** Its exponential is 0, whatever the largest logit is. */
  private static final float HIDDEN = -Float.MAX_VALUE;

  private final Softmax kernel;
  private final float[] exponentials;
  private final BitSet hidden;
  private final float[] shown; // the row with its hidden ids overwritten, where there are some
  private MemorySegment row = MemorySegment.NULL;
  private int width;
  private float max;
  private double sum;

  /**
   * @param capacity ids of the host; what a longer row has beyond them is left out, so that the
   *     distribution still sums to 1
   * @param hidden ids that are left out likewise
   */
  SoftmaxRow(Softmax kernel, int capacity, BitSet hidden) {
    this.kernel = kernel;
    this.exponentials = new float[capacity];
    this.hidden = hidden;
    this.shown = new float[hidden.isEmpty() ? 0 : capacity];
  }

  /** Takes a row; false if it holds NaN or infinities, after which nothing else may be asked. */
  boolean load(MemorySegment logits) {
    int rowWidth = (int) Math.min(exponentials.length, logits.byteSize() / Float.BYTES);
    if (rowWidth < width) {
      Arrays.fill(exponentials, rowWidth, width, 0f);
    }
    row = hidden.isEmpty() ? logits : withoutHidden(logits, rowWidth);
    width = rowWidth;
    max = kernel.finiteMax(row, width);
    if (!Float.isFinite(max)) {
      return false;
    }
    sum = kernel.exponentials(row, width, max, exponentials);
    return true;
  }

  private MemorySegment withoutHidden(MemorySegment logits, int rowWidth) {
    MemorySegment.copy(logits, JAVA_FLOAT, 0, shown, 0, rowWidth);
    for (int id = hidden.nextSetBit(0); id >= 0 && id < rowWidth; id = hidden.nextSetBit(id + 1)) {
      shown[id] = HIDDEN;
    }
    return MemorySegment.ofArray(shown);
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public double logProbability(int token) {
    if (token < 0) {
      throw new IllegalArgumentException("token id %d is negative".formatted(token));
    }
    return token < width && !hidden.get(token)
        ? (double) row.getAtIndex(JAVA_FLOAT, token) - max - Math.log(sum)
        : Double.NEGATIVE_INFINITY;
  }

  /** {@code into = weight · p}. */
  void writeScaled(double weight, float[] into) {
    kernel.scale(exponentials, (float) (weight / sum), into, exponentials.length);
  }

  /** {@code into += weight · p}. */
  void addScaled(double weight, float[] into) {
    kernel.addScaled(exponentials, (float) (weight / sum), into, exponentials.length);
  }
}
