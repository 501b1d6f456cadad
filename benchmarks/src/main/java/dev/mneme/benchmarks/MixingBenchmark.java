package dev.mneme.benchmarks;

import dev.mneme.Mixture;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;
import java.util.Random;

/**
 * Time to mix one step of 151,936 entries on one core, and what it allocates. Run with and without
 * {@code --add-modules jdk.incubator.vector}.
 */
public final class MixingBenchmark {

  private static final int WIDTH = 151_936;
  private static final int ROUNDS = 2000;

  private MixingBenchmark() {}

  /** Prints the median of {@value #ROUNDS} steps after as many to warm up. */
  public static void main(String[] args) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = row(arena, 1);
      MemorySegment memory = row(arena, 2);
      var mixture = new Mixture(WIDTH, 1);
      double[] lambda = {0.6};
      double checksum = 0;
      for (int i = 0; i < ROUNDS; i++) {
        checksum += step(mixture, host, memory, lambda);
      }
      long[] nanos = new long[ROUNDS];
      var threads =
          (com.sun.management.ThreadMXBean)
              java.lang.management.ManagementFactory.getThreadMXBean();
      long allocated = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < ROUNDS; i++) {
        long start = System.nanoTime();
        checksum += step(mixture, host, memory, lambda);
        nanos[i] = System.nanoTime() - start;
      }
      allocated = threads.getCurrentThreadAllocatedBytes() - allocated;
      java.util.Arrays.sort(nanos);
      System.out.printf(
          Locale.ROOT,
          "mixing %d entries: median %.3f ms, best %.3f ms, %d bytes allocated per step (checksum"
              + " %.3f)%n",
          WIDTH,
          nanos[ROUNDS / 2] / 1e6,
          nanos[0] / 1e6,
          allocated / ROUNDS,
          checksum);
    }
  }

  private static double step(
      Mixture mixture, MemorySegment host, MemorySegment memory, double[] lambda) {
    mixture.loadHost(host);
    mixture.loadMemory(0, memory);
    mixture.weigh(lambda);
    return mixture.probabilities()[17];
  }

  private static MemorySegment row(Arena arena, long seed) {
    var random = new Random(seed);
    MemorySegment row = arena.allocate(ValueLayout.JAVA_FLOAT, WIDTH);
    for (int i = 0; i < WIDTH; i++) {
      row.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (4 * random.nextGaussian()));
    }
    return row;
  }
}
