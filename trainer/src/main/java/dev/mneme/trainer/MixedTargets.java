package dev.mneme.trainer;

import com.google.common.base.Preconditions;
import java.util.Optional;

/**
 * The target β·p_kNN + (1-β)·onehot(next) of a position (Memory Decoder, arXiv 2508.09874, section
 * 3; MLP Memory, arXiv 2508.01832). The neighbours stay their owner's.
 *
 * @param neighbours what p_kNN is at each position of {@code tokens}; the next token alone if empty
 * @param beta share of the neighbours
 */
record MixedTargets(TokenFile tokens, Optional<SparseTargets> neighbours, double beta) {

  MixedTargets {
    Preconditions.checkArgument(beta >= 0 && beta <= 1, "beta must lie in [0, 1]: %s", beta);
    neighbours.ifPresent(
        targets ->
            Preconditions.checkArgument(
                targets.size() == tokens.size() - 1,
                "targets of %s positions do not belong to %s tokens",
                targets.size(),
                tokens.size()));
  }

  /** Ids of a position: the next token's, then the neighbours'. */
  int width() {
    return 1 + neighbours.map(SparseTargets::width).orElse(0);
  }

  /** Writes one position's target into arrays, from {@code at} on. */
  void fill(long position, int next, int at, long[] ids, float[] weights) {
    ids[at] = next;
    if (neighbours.isEmpty()) {
      weights[at] = 1;
      return;
    }
    SparseTargets targets = neighbours.get();
    weights[at] = (float) (1 - beta);
    double sum = 0;
    for (int n = 0; n < targets.width(); n++) {
      sum += targets.weight(position, n); // near 1, rounded to half precision
    }
    for (int n = 0; n < targets.width(); n++) {
      int id = targets.id(position, n);
      float weight = (float) (beta * targets.weight(position, n) / sum);
      if (id == next && weight > 0) {
        weights[at] += weight;
        weight = 0;
      }
      ids[at + 1 + n] = id;
      weights[at + 1 + n] = weight;
    }
  }

  /** What the targets are; equal words mean equal targets. */
  String digest() {
    return neighbours
        .map(targets -> "targets of width %d, beta %s".formatted(targets.width(), beta))
        .orElse("next tokens");
  }
}
