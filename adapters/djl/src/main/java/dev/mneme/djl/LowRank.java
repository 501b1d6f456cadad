package dev.mneme.djl;

import com.google.common.base.Preconditions;

/**
 * What is trained instead of all weights: W + alpha/rank · B·A for every matrix W of the blocks,
 * with A [rank, in] and B [out, rank] (LoRA, arXiv 2106.09685, section 4.1).
 *
 * @param rank of each change, at least 1
 * @param alpha what the changes are multiplied with, times the rank; positive
 * @param seed of A, which begins at random; B begins at zero
 */
public record LowRank(int rank, double alpha, long seed) {

  public LowRank {
    Preconditions.checkArgument(rank > 0, "the rank must be positive: %s", rank);
    Preconditions.checkArgument(
        alpha > 0 && Double.isFinite(alpha), "alpha must be positive: %s", alpha);
  }

  double scale() {
    return alpha / rank;
  }
}
