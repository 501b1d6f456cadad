package dev.mneme.benchmarks;

import dev.mneme.HostSession;
import dev.mneme.Rows;
import dev.mneme.Tap;
import dev.mneme.llamacpp.LlamaCppHost;
import dev.mneme.store.gguf.GgufType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;

/**
 * What an installed tap costs a host: single-token steps with one and without, on random weights of
 * Qwen2.5-0.5B's shape. The two take turns, step by step, so that a change of the machine's speed
 * meets both.
 */
public final class TapBenchmark {

  private static final int ROUNDS = 15;
  private static final int STEPS = 24;
  private static final int PROMPT = 32;

  private TapBenchmark() {}

  /** Arguments: a folder for the model, the weight type and, if not 1, the threads. */
  public static void main(String[] args) {
    GgufType type = GgufType.valueOf(args[1]);
    int threads = args.length > 2 ? Integer.parseInt(args[2]) : 1;
    Path file = Path.of(args[0]).resolve("0.5b-" + type + ".gguf");
    if (!Files.exists(file)) {
      RandomModel.HALF_BILLION.write(file, type);
    }
    double[] ratios = new double[ROUNDS];
    double[] plainMs = new double[ROUNDS];
    Tap tap = Tap.lastFeedForwardInput();
    try (LlamaCppHost host = LlamaCppHost.open(file);
        HostSession plain = host.openSession(threads);
        HostSession tapped = host.openSession(threads, Set.of(tap))) {
      for (int round = -1; round < ROUNDS; round++) {
        prefill(plain);
        prefill(tapped);
        long plainTime = 0;
        long tappedTime = 0;
        for (int step = 0; step < STEPS; step++) {
          int[] token = {2000 + step};
          long start = System.nanoTime();
          plain.forward(token, Rows.LAST);
          long between = System.nanoTime();
          tapped.forward(token, Rows.LAST);
          tapped.activations(tap);
          plainTime += between - start;
          tappedTime += System.nanoTime() - between;
        }
        if (round >= 0) {
          ratios[round] = (double) tappedTime / plainTime;
          plainMs[round] = plainTime / 1e6 / STEPS;
        }
      }
    }
    Arrays.sort(ratios);
    Arrays.sort(plainMs);
    System.out.printf(
        Locale.ROOT,
        "0.5b %s, %d threads: %.1f ms a token; with a tap / without: %.3f (%.3f to %.3f in %d"
            + " rounds)%n",
        type,
        threads,
        plainMs[ROUNDS / 2],
        ratios[ROUNDS / 2],
        ratios[0],
        ratios[ROUNDS - 1],
        ROUNDS);
  }

  private static void prefill(HostSession session) {
    session.truncate(0);
    int[] ids = new int[PROMPT];
    Arrays.setAll(ids, i -> 1000 + i);
    session.forward(ids, Rows.LAST);
  }
}
