package dev.mneme.llamacpp.internal;

import dev.mneme.llamacpp.LlamaCppOptions;

/**
 * Whether a model's calls use all the threads they may, found out by measuring. llama.cpp's threads
 * meet after every step of a graph and spin while they wait, so where another process holds one of
 * their cores, two threads take ten times as long as one and more. When several threads do worse
 * than one thread did, calls get one thread for a while, twice as long each time it happens again.
 * Calls of one row tell best, as they have the most meetings for their work; of larger ones only a
 * stall counts.
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

  /** The first call of a model fetches its weights from the disk, so the second counts. */
  private static final int MEASURED_CALLS = 2;

  /** Below this many bytes of weights threads cost more where they meet than they save. */
  private static final long WORTH_THREADS = 64L << 20;

  private double single; // nanoseconds of one row on one thread, when last measured
  private int measured;
  private int resting; // calls left on one thread
  private int rest = SHORTEST_REST;
  private int slow;
  private int good;

  /**
   * The most threads that calls of a session use.
   *
   * @param bytes of the model's weights
   * @param asked by who opens the session
   */
  static int most(LlamaCppOptions options, long bytes, int asked) {
    if (options.threads() > 0) {
      return options.threads();
    }
    return bytes < WORTH_THREADS ? 1 : asked;
  }

  /**
   * How many threads the next call should use.
   *
   * @param wanted at least 1
   */
  synchronized int threads(int wanted, int rows) {
    boolean measuring = rows == 1 && measured < MEASURED_CALLS;
    return measuring || resting > 0 ? 1 : wanted;
  }

  /**
   * Takes note of a call.
   *
   * @param threads it had
   * @param wanted it could have used
   */
  synchronized void took(int threads, int wanted, int rows, long nanos) {
    if (wanted == 1) {
      return;
    }
    if (threads == 1) {
      resting = Math.max(0, resting - 1);
      if (rows == 1) {
        single = nanos;
        measured++;
      }
      return;
    }
    boolean stalled = measured >= MEASURED_CALLS && nanos > STALLED * rows * single;
    if (rows == 1) {
      boolean isSlow = nanos > SLOW * single;
      slow = isSlow ? slow + 1 : 0;
      good = isSlow ? 0 : good + 1;
    }
    if (stalled || slow >= SLOW_CALLS) {
      resting = rest;
      rest = Math.min(LONGEST_REST, 2 * rest);
      slow = 0;
      good = 0;
    } else if (good >= GOOD_CALLS) {
      rest = SHORTEST_REST;
    }
  }
}
