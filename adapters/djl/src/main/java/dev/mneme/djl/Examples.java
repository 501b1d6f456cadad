package dev.mneme.djl;

/**
 * What one step of training learns from: positions, and the distribution that should follow each.
 *
 * <p>A position's target is a distribution over {@code width} ids whose weights sum to 1; the first
 * id is the token that really follows. Unused places repeat an id with weight 0. The arrays are
 * used as they are, not copied.
 */
public abstract sealed class Examples permits Batch, ActivationBatch {

  private final int tokens;
  private final int width;
  private final long[] targets;
  private final float[] weights;

  /**
   * Examples.
   *
   * @param targets ids of the targets: [tokens · width]
   * @param weights their weights, in the same order
   */
  Examples(int tokens, int width, long[] targets, float[] weights) {
    if (targets.length != (long) tokens * width || weights.length != targets.length) {
      throw new IllegalArgumentException(
          "%d positions with %d targets each, but %d targets and %d weights"
              .formatted(tokens, width, targets.length, weights.length));
    }
    this.tokens = tokens;
    this.width = width;
    this.targets = targets;
    this.weights = weights;
  }

  /** Positions. */
  public int tokens() {
    return tokens;
  }

  /** Targets of each. */
  public int width() {
    return width;
  }

  long[] targets() {
    return targets;
  }

  float[] weights() {
    return weights;
  }

  /** The tokens that really follow. */
  long[] next() {
    long[] next = new long[tokens];
    for (int i = 0; i < tokens; i++) {
      next[i] = targets[i * width];
    }
    return next;
  }
}
