package dev.mneme.benchmarks;

import com.sun.management.ThreadMXBean;
import dev.mneme.Sampler;
import dev.mneme.Sampling;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;

/**
 * Time to draw a token of 151,936 on one core, and what it allocates, for a row whose probability
 * lies on few entries and one where it is spread; beside it the time to sort the row, which a plain
 * top-p would start with.
 */
public final class SamplingBenchmark {

  private static final int WIDTH = 151_936;
  private static final int ROUNDS = 200;

  private SamplingBenchmark() {}

  public static void main(String[] args) {
    for (double spread : new double[] {4, 1}) {
      float[] row = row(spread);
      System.out.printf(
          Locale.ROOT,
          "logits with a standard deviation of %.0f; 95 %% of the probability on %d entries%n",
          spread,
          nucleus(row, 0.95));
      run("all", Sampling.of(1), row);
      run("top-k 50", Sampling.of(1).withTopK(50), row);
      run("top-p 0.95", Sampling.of(1).withTopP(0.95), row);
      run("top-k 50, top-p 0.95", Sampling.of(1).withTopK(50).withTopP(0.95), row);
      run("top-p 0.95, temperature 0.8", Sampling.of(0.8).withTopP(0.95), row);
      long[] keys = new long[WIDTH];
      report("sorting alone", row, p -> sort(p, keys));
    }
  }

  private interface Step {
    int run(float[] p);
  }

  private static void run(String name, Sampling sampling, float[] row) {
    Sampler sampler = Sampler.of(sampling);
    report(name, row, p -> sampler.next(p, WIDTH));
  }

  /** Times a step on a fresh copy of the row each round; as many rounds warm it up. */
  private static void report(String name, float[] row, Step step) {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    float[] p = new float[WIDTH];
    long[] nanos = new long[ROUNDS];
    long allocated = 0;
    long checksum = 0;
    for (int round = -ROUNDS; round < ROUNDS; round++) {
      System.arraycopy(row, 0, p, 0, WIDTH);
      long before = threads.getCurrentThreadAllocatedBytes();
      long start = System.nanoTime();
      checksum += step.run(p);
      long took = System.nanoTime() - start;
      if (round >= 0) {
        nanos[round] = took;
        allocated += threads.getCurrentThreadAllocatedBytes() - before;
      }
    }
    Arrays.sort(nanos);
    System.out.printf(
        Locale.ROOT,
        "  %-28s median %.2f ms, best %.2f ms, %d bytes allocated per token (checksum %d)%n",
        name,
        nanos[ROUNDS / 2] / 1e6,
        nanos[0] / 1e6,
        allocated / ROUNDS,
        checksum);
  }

  private static int sort(float[] p, long[] keys) {
    for (int i = 0; i < WIDTH; i++) {
      keys[i] = ((long) ~Float.floatToRawIntBits(p[i]) << 32) | i;
    }
    Arrays.sort(keys);
    return (int) keys[0];
  }

  private static int nucleus(float[] row, double share) {
    float[] sorted = row.clone();
    Arrays.sort(sorted);
    double sum = 0;
    int count = 0;
    while (sum < share) {
      sum += sorted[WIDTH - ++count];
    }
    return count;
  }

  private static float[] row(double spread) {
    var random = new Random(1);
    double[] weights = new double[WIDTH];
    Arrays.setAll(weights, i -> Math.exp(spread * random.nextGaussian()));
    double sum = Arrays.stream(weights).sum();
    float[] row = new float[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
      row[i] = (float) (weights[i] / sum);
    }
    return row;
  }
}
