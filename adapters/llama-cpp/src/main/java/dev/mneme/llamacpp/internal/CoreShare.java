package dev.mneme.llamacpp.internal;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many threads a native call gets, so that all calls running at once need no more than there
 * are processor cores. Threads of llama.cpp wait for each other by spinning: when two calls share
 * cores, each waits for threads that do not run, and a step takes ten times its time or more. Safe
 * for several threads.
 */
final class CoreShare {

  private final int cores;
  private final AtomicInteger taken = new AtomicInteger();

  CoreShare(int cores) {
    this.cores = cores;
  }

  /**
   * Takes threads for a call.
   *
   * @param wanted at least 1
   * @return at least 1 even if all cores are taken, at most what is wanted; to be given back
   */
  int take(int wanted) {
    while (true) {
      int before = taken.get();
      int given = Math.max(1, Math.min(wanted, cores - before));
      if (taken.compareAndSet(before, before + given)) {
        return given;
      }
    }
  }

  void giveBack(int threads) {
    taken.addAndGet(-threads);
  }
}
