package dev.mneme;

/**
 * One sequence being extended, with whatever its engine keeps about the past (a key-value cache).
 * What {@link HostSession} and {@link MemorySession} have in common.
 *
 * <p>A session belongs to the thread that opened it: every call, close included, comes from that
 * thread, and any other gets a {@link WrongThreadException}. It owns native memory until closed;
 * closing twice is harmless, any other call after close throws {@link ClosedException}. A call that
 * throws leaves the sequence as it was before the call.
 */
public interface Session extends AutoCloseable {

  /** Tokens in the sequence. */
  int length();

  /** Tokens the sequence may have; extending past it throws {@link ContextOverflowException}. */
  int capacity();

  /** Tokens one extending call may bring; callers split longer input. At least 1. */
  int maxBatch();

  /**
   * Forgets the tail. Extending again gives what a fresh session with the shorter sequence would.
   *
   * @param length 0 to {@link #length()}
   * @throws IllegalArgumentException outside that range
   */
  void truncate(int length);

  @Override
  void close();
}
