package dev.mneme;

/**
 * A memory following one sequence. See {@link Session} for threads, life cycle and capacity. It may
 * run at the same time as the host's session, on another thread; a memory that reads activations
 * runs once the host has them.
 */
public interface MemorySession extends Session {

  /**
   * Appends the tokens the host was given and returns the memory's logits for what follows.
   *
   * @param tokens 1 to {@link #maxBatch()} ids, each in {@code [0, logitWidth)}
   * @param activations what the host's session gave for the same tokens and rows at the tap this
   *     memory {@link MemoryModule#reads}: one row for each row wanted. {@link FloatRows#NONE} for
   *     a memory that reads none
   * @param rows for which of the tokens a row is wanted
   * @return rows valid until this session's next call
   * @throws IllegalArgumentException for an empty or overlong array, an id out of range, which it
   *     names, or activations of another number or width than wanted
   * @throws ContextOverflowException if the sequence would exceed {@link #capacity()}
   */
  FloatRows recall(int[] tokens, FloatRows activations, Rows rows);

  /** Appends tokens, for a memory that reads no activations. */
  default FloatRows recall(int[] tokens, Rows rows) {
    return recall(tokens, FloatRows.NONE, rows);
  }
}
