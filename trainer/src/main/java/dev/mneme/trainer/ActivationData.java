package dev.mneme.trainer;

import com.google.common.base.Preconditions;
import dev.mneme.djl.ActivationBatch;
import java.util.Optional;

/**
 * What an MLP Memory learns from: a teacher's activations from a datastore, in an order that jumps
 * about the whole text, each with the target of its position. The files stay their owner's.
 */
public final class ActivationData implements TrainingData<ActivationBatch> {

  private final TokenFile tokens;
  private final Datastore activations;
  private final MixedTargets targets;
  private final int rows;
  private final Shuffle order;

  /**
   * Data of a token file, its datastore and its targets.
   *
   * @param neighbours targets; the next token alone is learned if empty
   * @param beta share of the neighbours in the target
   * @param rows positions of a batch
   */
  public ActivationData(
      TokenFile tokens,
      Datastore activations,
      Optional<SparseTargets> neighbours,
      double beta,
      int rows,
      long seed) {
    Preconditions.checkArgument(
        activations.size() == tokens.size() - 1,
        "activations of %s positions do not belong to %s tokens",
        activations.size(),
        tokens.size());
    Preconditions.checkArgument(
        rows <= activations.size(),
        "%s holds %s positions, too few for one batch of %s; give more text or smaller batches",
        tokens.file(),
        activations.size(),
        rows);
    this.tokens = tokens;
    this.activations = activations;
    this.targets = new MixedTargets(tokens, neighbours, beta);
    this.rows = rows;
    this.order = new Shuffle(activations.size(), seed);
  }

  @Override
  public ActivationBatch batch(long step) {
    int width = targets.width();
    float[] input = new float[rows * activations.width()];
    long[] ids = new long[rows * width];
    float[] weights = new float[ids.length];
    int[] next = new int[1];
    for (int row = 0; row < rows; row++) {
      long position = order.at(step * rows + row);
      activations.read(position, input, row * activations.width());
      tokens.copy(position + 1, next);
      targets.fill(position, next[0], row * width, ids, weights);
    }
    return new ActivationBatch(rows, input, width, ids, weights);
  }

  @Override
  public String digest() {
    return "%s, positions %d, seed %d, %s"
        .formatted(tokens.origin(), rows, order.seed(), targets.digest());
  }
}
