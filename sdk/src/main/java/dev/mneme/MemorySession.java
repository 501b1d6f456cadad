package dev.mneme;

/**
 * A memory following one sequence. See {@link Session} for threads, life cycle and capacity; it may
 * run at the same time as the host's session, on another thread.
 */
public interface MemorySession extends Session {

  /**
   * Appends the tokens the host was given and returns the memory's logits for what follows.
   *
   * @param tokens 1 to {@link #maxBatch()} ids, each in {@code [0, logitWidth)}
   * @param rows for which of the tokens a row is wanted
   * @return rows valid until this session's next call
   * @throws IllegalArgumentException for an empty or overlong array or an id out of range; names it
   * @throws ContextOverflowException if the sequence would exceed {@link #capacity()}
   */
  LogitRows recall(int[] tokens, Rows rows);
}
