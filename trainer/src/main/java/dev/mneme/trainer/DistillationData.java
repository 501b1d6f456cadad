package dev.mneme.trainer;

import com.google.common.base.Preconditions;
import dev.mneme.djl.Batch;

/**
 * What a memory learns from: windows of a token file with the target β·p_kNN + (1-β)·onehot(next)
 * at every position (Memory Decoder, arXiv 2508.09874, section 3). The files stay their owner's.
 */
public final class DistillationData implements TrainingData {

  private final Windows windows;
  private final SparseTargets targets;
  private final double beta;

  /**
   * Data of a token file and its targets.
   *
   * @param beta share of the kNN distribution in the target: 0 is plain cross entropy
   * @param length positions of a window
   * @param sequences windows of a batch
   */
  public DistillationData(
      TokenFile tokens, SparseTargets targets, double beta, int length, int sequences, long seed) {
    Preconditions.checkArgument(beta >= 0 && beta <= 1, "beta must lie in [0, 1]: %s", beta);
    Preconditions.checkArgument(
        targets.size() == tokens.size() - 1,
        "targets of %s positions do not belong to %s tokens",
        targets.size(),
        tokens.size());
    this.windows = new Windows(tokens, length, sequences, seed);
    this.targets = targets;
    this.beta = beta;
  }

  /** Steps that see every window once. */
  public long stepsOfOnePass() {
    return windows.stepsOfOnePass();
  }

  @Override
  public Batch batch(long step) {
    int length = windows.length();
    int width = targets.width() + 1;
    int positions = windows.sequences() * length;
    long[] ids = new long[positions];
    long[] all = new long[positions * width];
    float[] weights = new float[all.length];
    for (int sequence = 0; sequence < windows.sequences(); sequence++) {
      long start = windows.start(step, sequence);
      int[] window = windows.read(start);
      for (int i = 0; i < length; i++) {
        int position = sequence * length + i;
        ids[position] = window[i];
        fill(start + i, window[i + 1], position * width, all, weights);
      }
    }
    return new Batch(windows.sequences(), length, width, ids, all, weights);
  }

  private void fill(long position, int next, int at, long[] ids, float[] weights) {
    ids[at] = next;
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

  @Override
  public String digest() {
    return "%s, targets of width %d, beta %s".formatted(windows.digest(), targets.width(), beta);
  }
}
