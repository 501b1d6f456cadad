package dev.mneme.store.hf;

import java.util.Set;

/**
 * How far back a model's attention reaches in some of its blocks.
 *
 * @param length tokens a token sees, itself included
 * @param blocks the blocks whose attention is so limited, counted from 0; at least one
 */
public record SlidingWindow(int length, Set<Integer> blocks) {

  public SlidingWindow {
    blocks = Set.copyOf(blocks);
  }

  /** Whether a block's attention is limited. */
  public boolean limits(int block) {
    return blocks.contains(block);
  }
}
