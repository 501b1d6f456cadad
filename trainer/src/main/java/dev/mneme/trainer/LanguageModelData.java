package dev.mneme.trainer;

import dev.mneme.djl.Batch;

/** Plain language modelling on a token file. The file stays its owner's. */
public final class LanguageModelData implements TrainingData<Batch> {

  private final Windows windows;

  /**
   * Data of a token file.
   *
   * @param length positions of a window
   * @param sequences windows of a batch
   */
  public LanguageModelData(TokenFile tokens, int length, int sequences, long seed) {
    windows = new Windows(tokens, length, sequences, seed);
  }

  /** Steps that see every window once. */
  public long stepsOfOnePass() {
    return windows.stepsOfOnePass();
  }

  @Override
  public Batch batch(long step) {
    int[][] batch = new int[windows.sequences()][];
    for (int i = 0; i < batch.length; i++) {
      batch[i] = windows.read(windows.start(step, i));
    }
    return Batch.ofWindows(batch);
  }

  @Override
  public String digest() {
    return windows.digest();
  }
}
