package dev.mneme.benchmarks;

import dev.mneme.HostSession;
import dev.mneme.Rows;
import dev.mneme.llamacpp.LlamaCppHost;
import dev.mneme.llamacpp.LlamaCppLibrary;
import dev.mneme.llamacpp.LlamaCppOptions;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Single tokens of a host while other threads keep every core busy: what a session with one thread
 * takes, and one that may use as many as there are cores. Threads that wait for each other make the
 * second the worse one by far, unless the adapter notices.
 */
public final class BusyBenchmark {

  private static final int TOKENS = 300;
  private static final int PROMPT = 100;
  private static final int ROUNDS = 3;

  private BusyBenchmark() {}

  /**
   * Arguments: a GGUF file and the library ("bundled", libllama or the folder of a release). Each
   * core gets one busy thread.
   */
  public static void main(String[] args) {
    Path library = Path.of(args[1]);
    int cores = Runtime.getRuntime().availableProcessors();
    for (int i = 0; i < cores; i++) {
      Thread.ofPlatform().daemon().start(BusyBenchmark::spin);
    }
    System.out.println(LlamaCppLibrary.inspect(library).release());
    for (int round = 0; round < ROUNDS; round++) {
      for (int threads : new int[] {1, cores}) {
        measure(Path.of(args[0]), library, threads);
      }
    }
  }

  private static void spin() {
    while (true) {
      Thread.onSpinWait();
    }
  }

  private static void measure(Path file, Path library, int threads) {
    LlamaCppOptions options =
        LlamaCppOptions.defaults().withLibrary(library).withThreads(threads).withContextLength(512);
    try (LlamaCppHost host = LlamaCppHost.open(file, options);
        HostSession session = host.openSession(threads)) {
      session.forward(IntStream.range(1000, 1000 + PROMPT).toArray(), Rows.LAST);
      double[] millis = new double[TOKENS];
      for (int i = 0; i < TOKENS; i++) {
        long start = System.nanoTime();
        session.forward(new int[] {2000 + i}, Rows.LAST);
        millis[i] = (System.nanoTime() - start) / 1e6;
      }
      double mean = Arrays.stream(millis).average().orElseThrow();
      Arrays.sort(millis);
      System.out.printf(
          Locale.ROOT,
          "%d threads: mean %.2f ms a token, median %.2f, longest %.1f%n",
          threads,
          mean,
          millis[TOKENS / 2],
          millis[TOKENS - 1]);
    }
  }
}
