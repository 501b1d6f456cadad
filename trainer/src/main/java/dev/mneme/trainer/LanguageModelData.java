package dev.mneme.trainer;

import com.google.common.base.Preconditions;
import dev.mneme.djl.Batch;

/**
 * Plain language modelling on a token file: windows that follow each other without gap, across the
 * ends of documents, in another random order in every pass. The file stays its owner's.
 */
public final class LanguageModelData implements TrainingData {

  private final TokenFile tokens;
  private final int length;
  private final int sequences;
  private final long seed;
  private final Shuffle order;

  /**
   * Data of a token file.
   *
   * @param length positions of a window
   * @param sequences windows of a batch
   */
  public LanguageModelData(TokenFile tokens, int length, int sequences, long seed) {
    long windows = (tokens.size() - 1) / length;
    Preconditions.checkArgument(
        windows >= sequences,
        "%s holds %s tokens, too few for one batch of %s windows of %s; give more text or smaller"
            + " batches",
        tokens.file(),
        tokens.size(),
        sequences,
        length);
    this.tokens = tokens;
    this.length = length;
    this.sequences = sequences;
    this.seed = seed;
    this.order = new Shuffle(windows, seed);
  }

  /** Steps that see every window once. */
  public long stepsOfOnePass() {
    return order.size() / sequences;
  }

  @Override
  public Batch batch(long step) {
    int[][] windows = new int[sequences][length + 1];
    for (int i = 0; i < sequences; i++) {
      tokens.copy(order.at(step * sequences + i) * length, windows[i]);
    }
    return Batch.ofWindows(windows);
  }

  @Override
  public String digest() {
    return "%s, windows %d x %d, seed %d".formatted(tokens.origin(), sequences, length, seed);
  }
}
