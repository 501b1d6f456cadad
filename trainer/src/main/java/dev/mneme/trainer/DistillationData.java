package dev.mneme.trainer;

import dev.mneme.djl.Batch;
import java.util.Optional;

/**
 * What a memory learns from: windows of a token file with the target β·p_kNN + (1-β)·onehot(next)
 * at every position (Memory Decoder, arXiv 2508.09874, section 3). The files stay their owner's.
 */
public final class DistillationData implements TrainingData<Batch> {

  private final Windows windows;
  private final MixedTargets targets;

  /**
   * Data of a token file and its targets.
   *
   * @param beta share of the kNN distribution in the target: 0 is plain cross entropy
   * @param length positions of a window
   * @param sequences windows of a batch
   */
  public DistillationData(
      TokenFile tokens, SparseTargets targets, double beta, int length, int sequences, long seed) {
    this.windows = new Windows(tokens, length, sequences, seed);
    this.targets = new MixedTargets(tokens, Optional.of(targets), beta);
  }

  /** Steps that see every window once. */
  public long stepsOfOnePass() {
    return windows.stepsOfOnePass();
  }

  @Override
  public Batch batch(long step) {
    int length = windows.length();
    int width = targets.width();
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
        targets.fill(start + i, window[i + 1], position * width, all, weights);
      }
    }
    return new Batch(windows.sequences(), length, width, ids, all, weights);
  }

  @Override
  public String digest() {
    return windows.digest() + ", " + targets.digest();
  }
}
