package dev.mneme;

/** A sequence of a host. See {@link Session} for threads, life cycle and capacity. */
public interface HostSession extends Session {

  /**
   * Appends tokens and returns logits for what follows them.
   *
   * @param tokens 1 to {@link #maxBatch()} ids, each in {@code [0, logitWidth)}
   * @param rows for which of the tokens a row is wanted
   * @return rows valid until this session is extended, truncated or closed
   * @throws IllegalArgumentException for an empty or overlong array or an id out of range; names it
   * @throws ContextOverflowException if the sequence would exceed {@link #capacity()}
   */
  FloatRows forward(int[] tokens, Rows rows);

  /**
   * The activations that the last {@link #forward} left at a tap: one row for each row of logits.
   *
   * @return rows valid until this session is extended, truncated or closed; other threads may read
   *     them
   * @throws IllegalArgumentException if the session was opened without this tap
   */
  FloatRows activations(Tap tap);
}
