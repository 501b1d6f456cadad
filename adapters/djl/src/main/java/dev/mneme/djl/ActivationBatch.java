package dev.mneme.djl;

/** A host's activations at positions of a text and what should follow each. */
public final class ActivationBatch extends Examples {

  private final float[] activations;

  /**
   * A batch.
   *
   * @param activations row after row: [rows · activation's width]
   * @param width targets of a row
   * @param targets ids of the targets: [rows · width]
   * @param weights their weights, in the same order
   */
  public ActivationBatch(
      int rows, float[] activations, int width, long[] targets, float[] weights) {
    super(rows, width, targets, weights);
    if (rows < 1 || activations.length % rows != 0) {
      throw new IllegalArgumentException(
          "%d numbers are not %d activations".formatted(activations.length, rows));
    }
    this.activations = activations;
  }

  /**
   * The activations that a host has while it reads sequences, with the sequences' targets.
   *
   * @param host whose input of the last feed-forward block is read
   */
  public static ActivationBatch of(Batch batch, DecoderNetwork host) {
    return new ActivationBatch(
        batch.tokens(), host.keys(batch.rows()), batch.width(), batch.targets(), batch.weights());
  }

  float[] activations() {
    return activations;
  }
}
