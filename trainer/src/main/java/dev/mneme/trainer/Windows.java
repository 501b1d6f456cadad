package dev.mneme.trainer;

import com.google.common.base.Preconditions;

/**
 * The windows of a token file that follow each other without gap, across the ends of documents, in
 * another random order in every pass. The file stays its owner's.
 *
 * @param length positions of a window; its token file has one token more behind them
 * @param sequences windows of a batch
 */
record Windows(TokenFile tokens, int length, int sequences, long seed) {

  Windows {
    long windows = (tokens.size() - 1) / length;
    Preconditions.checkArgument(
        windows >= sequences,
        "%s holds %s tokens, too few for one batch of %s windows of %s; give more text or smaller"
            + " batches",
        tokens.file(),
        tokens.size(),
        sequences,
        length);
  }

  private Shuffle order() {
    return new Shuffle((tokens.size() - 1) / length, seed);
  }

  long stepsOfOnePass() {
    return order().size() / sequences;
  }

  /** Where a window of a step's batch begins. */
  long start(long step, int sequence) {
    return order().at(step * sequences + sequence) * length;
  }

  /** The tokens of a window and the one behind it. */
  int[] read(long start) {
    int[] window = new int[length + 1];
    tokens.copy(start, window);
    return window;
  }

  /** What the windows hold: equal digests mean equal windows. */
  String digest() {
    return "%s, windows %d x %d, seed %d".formatted(tokens.origin(), sequences, length, seed);
  }
}
