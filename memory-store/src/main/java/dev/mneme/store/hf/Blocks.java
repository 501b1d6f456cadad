package dev.mneme.store.hf;

/**
 * A decoder's blocks.
 *
 * @param count how many
 */
public record Blocks(int count, Order order, Norm norm) {

  /** How attention and feed-forward network follow each other in a block. */
  public enum Order {
    /** The network reads the sum of the block's input and its attention. */
    SEQUENTIAL,
    /** Both read the block's input. */
    PARALLEL,
    /** As {@link #SEQUENTIAL}, with a norm after each as well as before. */
    FOUR_NORMS
  }

  /**
   * All norms, the output's included.
   *
   * @param epsilon added to the variance, or to the mean square
   */
  public record Norm(Kind kind, double epsilon) {}

  /** A norm's formula. */
  public enum Kind {
    /** Divides by the root of the mean square. */
    RMS,
    /** As {@link #RMS}, with 1 to be added to the stored weights. */
    RMS_ABOVE_ONE,
    /** Subtracts the mean, divides by the standard deviation and adds a bias. */
    LAYER;

    /** What is to be added to the stored weights. */
    public float offset() {
      return this == RMS_ABOVE_ONE ? 1 : 0;
    }
  }
}
