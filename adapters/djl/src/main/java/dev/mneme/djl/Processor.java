package dev.mneme.djl;

import dev.mneme.djl.internal.Torch;

/** What the processor can do, and how much of it this process uses for networks. */
public final class Processor {

  private Processor() {}

  /** Whether it multiplies bfloat16, which is then about twice as fast as 32 bits. */
  public static boolean multipliesBfloat16() {
    return Torch.hasFastBfloat16();
  }

  /**
   * Sets how many threads one operation may use, for the whole process.
   *
   * @param threads at least 1
   */
  public static void useThreads(int threads) {
    Torch.useThreads(threads);
  }
}
