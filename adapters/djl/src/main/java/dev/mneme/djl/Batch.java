package dev.mneme.djl;

/**
 * Token sequences of one length and what should follow each of their positions.
 *
 * <p>A position's target is a distribution over {@code width} ids whose weights sum to 1; the first
 * id is the token that really follows. Unused places repeat an id with weight 0. The arrays are
 * used as they are, not copied.
 */
public final class Batch {

  private final int sequences;
  private final int length;
  private final int width;
  private final long[] ids;
  private final long[] targets;
  private final float[] weights;

  /**
   * A batch.
   *
   * @param ids the tokens, sequence after sequence: [sequences · length]
   * @param targets ids of the targets: [sequences · length · width]
   * @param weights their weights, in the same order
   */
  public Batch(int sequences, int length, int width, long[] ids, long[] targets, float[] weights) {
    if (ids.length != sequences * length
        || targets.length != ids.length * width
        || weights.length != targets.length) {
      throw new IllegalArgumentException(
          "a batch of %d sequences of %d with %d targets each, but %d ids, %d targets, %d weights"
              .formatted(sequences, length, width, ids.length, targets.length, weights.length));
    }
    this.sequences = sequences;
    this.length = length;
    this.width = width;
    this.ids = ids;
    this.targets = targets;
    this.weights = weights;
  }

  /**
   * Plain language modelling: each position's target is the next token.
   *
   * @param windows sequences of {@code length + 1} tokens
   */
  public static Batch ofWindows(int[][] windows) {
    int length = windows[0].length - 1;
    long[] ids = new long[windows.length * length];
    long[] next = new long[ids.length];
    float[] one = new float[ids.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = windows[i / length][i % length];
      next[i] = windows[i / length][i % length + 1];
      one[i] = 1;
    }
    return new Batch(windows.length, length, 1, ids, next, one);
  }

  public int sequences() {
    return sequences;
  }

  public int length() {
    return length;
  }

  public int width() {
    return width;
  }

  /** Positions in all sequences together. */
  public int tokens() {
    return ids.length;
  }

  long[] ids() {
    return ids;
  }

  long[] targets() {
    return targets;
  }

  float[] weights() {
    return weights;
  }
}
