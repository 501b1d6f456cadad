package dev.mneme;

import com.google.common.base.Preconditions;
import java.util.Arrays;
import java.util.Optional;

/**
 * A place in a host whose activation a memory reads.
 *
 * @param block which transformer block: 0 for the first, or counted from the end, -1 for the last
 * @param point where in the block
 */
public record Tap(int block, Point point) {

  /** The last block, whatever the number of blocks. */
  public static final int LAST_BLOCK = -1;

  /** A point in a block, with the name that packs and llama.cpp's graphs have for it. */
  public enum Point {
    /** The input of the feed-forward network, after its norm: what kNN-LM keys by. */
    FEED_FORWARD_INPUT("ffn_norm"),
    /** What the block adds up to and hands to the next. */
    BLOCK_OUTPUT("l_out");

    private final String label;

    Point(String label) {
      this.label = label;
    }

    /** {@code ffn_norm} or {@code l_out}. */
    public String label() {
      return label;
    }

    /** The point of a {@link #label}. */
    public static Optional<Point> ofLabel(String label) {
      return Arrays.stream(values()).filter(point -> point.label.equals(label)).findFirst();
    }
  }

  /**
   * The input of the last block's feed-forward network, which released MLP Memories read ({@code
   * layer_position} -1 of arXiv 2508.01832's code).
   */
  public static Tap lastFeedForwardInput() {
    return new Tap(LAST_BLOCK, Point.FEED_FORWARD_INPUT);
  }

  /** Whether a host of so many blocks has this one. */
  public boolean isIn(int blocks) {
    return block >= -blocks && block < blocks;
  }

  /**
   * The block counted from the first.
   *
   * @param blocks of the host
   * @throws IllegalArgumentException if it has no such block
   */
  public int blockOf(int blocks) {
    Preconditions.checkArgument(isIn(blocks), "%s is not in a host of %s blocks", this, blocks);
    return block < 0 ? blocks + block : block;
  }

  /** {@code ffn_norm of the last block}, {@code l_out of block 16}. */
  @Override
  public String toString() {
    return point.label
        + " of "
        + (block == LAST_BLOCK
            ? "the last block"
            : block < 0 ? "block %d from the end".formatted(-block) : "block " + block);
  }
}
