package dev.mneme.store.hf;

import java.util.Optional;

/**
 * A block's attention.
 *
 * @param scale what each product of a query and a key is multiplied by
 * @param window where attention does not reach back to the sequence's first token
 */
public record Attention(
    Heads heads, Projection projection, Scale scale, Optional<SlidingWindow> window) {

  /**
   * A factor of the products of queries and keys.
   *
   * @param factor the first block's
   * @param dividedByBlock whether it is divided by a block's number, counted from 1 (an option of
   *     GPT-2)
   */
  public record Scale(double factor, boolean dividedByBlock) {

    /** One factor for all blocks. */
    public Scale(double factor) {
      this(factor, false);
    }

    /** A block's factor; blocks are counted from 0. */
    public double of(int block) {
      return dividedByBlock ? factor / (block + 1) : factor;
    }
  }

  /**
   * Heads, in groups that share a key and a value.
   *
   * @param queries query heads, a multiple of {@code keyValues}
   * @param keyValues heads of keys and of values
   * @param width floats of one head, even
   */
  public record Heads(int queries, int keyValues, int width) {

    /** Floats of all queries of a token. */
    public int queryWidth() {
      return queries * width;
    }

    /** Floats of all keys, or of all values, of a token. */
    public int keyValueWidth() {
      return keyValues * width;
    }
  }

  /**
   * How a token's queries, keys and values are made.
   *
   * @param normed whether the query and the key of each head go through a norm before they are
   *     rotated
   */
  public record Projection(Layout layout, Bias bias, boolean normed) {}

  /** In which matrices the weights of queries, keys and values lie. */
  public enum Layout {
    /** One matrix each. */
    SEPARATE,
    /** One matrix: all queries, all keys, all values. */
    FUSED,
    /** One matrix: query, key and value of the first head, then those of the second, and so on. */
    FUSED_BY_HEAD
  }

  /** Which of attention's matrices have biases. */
  public enum Bias {
    NONE,
    /** Those of queries, keys and values. */
    INPUTS,
    /** Those and the output's. */
    ALL
  }
}
