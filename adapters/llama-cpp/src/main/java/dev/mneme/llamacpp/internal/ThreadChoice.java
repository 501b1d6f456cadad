package dev.mneme.llamacpp.internal;

/**
 * Whether a model's calls use all the threads they may, found out by measuring. llama.cpp's threads
 * meet after every step of a graph and spin while they wait, so where another process holds one of
 * their cores, two threads take ten times as long as one and more. This watches calls of one row,
 * which have the most meetings for their work: when several threads do worse than one thread did,
 * calls get one thread for a while, twice as long each time it happens again.
 *
 * <p>How many threads a call has does not change its result (flash attention is off on the
 * processor for that reason). Safe for several threads.
 */
final class ThreadChoice {

  /** Longer than one thread took: a few in a row, or once by so much, and threads are given up. */
  private static final double SLOW = 1.25;

  private static final double STALLED = 4;
  private static final int SLOW_CALLS = 3;

  private static final int SHORTEST_REST = 32;
  private static final int LONGEST_REST = 1024;

  /** So many calls that were not slow, and the next rest is a short one again. */
  private static final int GOOD_CALLS = 32;

  private double single; // nanoseconds of one row on one thread, when last measured; 0 before
  private int resting; // calls of one row left on one thread
  private int rest = SHORTEST_REST;
  private int slow;
  private int good;

  /**
   * How many threads the next call should use.
   *
   * @param wanted at least 1
   */
  synchronized int threads(int wanted, int rows) {
    boolean measuring = rows == 1 && single == 0;
    return measuring || resting > 0 ? 1 : wanted;
  }

  /**
   * Takes note of a call.
   *
   * @param threads it had
   * @param wanted it could have used
   */
  synchronized void took(int threads, int wanted, int rows, long nanos) {
    if (rows > 1 || wanted == 1) {
      return;
    }
    if (threads == 1) {
      single = nanos;
      resting = Math.max(0, resting - 1);
      return;
    }
    boolean isSlow = nanos > SLOW * single;
    slow = isSlow ? slow + 1 : 0;
    good = isSlow ? 0 : good + 1;
    if (nanos > STALLED * single || slow >= SLOW_CALLS) {
      resting = rest;
      rest = Math.min(LONGEST_REST, 2 * rest);
      slow = 0;
    } else if (good >= GOOD_CALLS) {
      rest = SHORTEST_REST;
    }
  }
}
