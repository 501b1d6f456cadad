package dev.mneme.store.hf;

/**
 * How far back a model's attention reaches in some of its blocks.
 *
 * @param length tokens a token sees, itself included
 * @param firstBlock the first block whose attention is so limited; all later ones are too, but for
 *     {@code period}
 * @param period if not 0, every block whose number, counted from 1, is its multiple is not limited
 */
public record SlidingWindow(int length, int firstBlock, int period) {

  /** A window of all blocks from one on. */
  public SlidingWindow(int length, int firstBlock) {
    this(length, firstBlock, 0);
  }

  /** Whether a block's attention is limited. */
  public boolean limits(int block) {
    return block >= firstBlock && (period == 0 || (block + 1) % period != 0);
  }
}
