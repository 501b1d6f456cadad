package dev.mneme.benchmarks;

import dev.mneme.FloatRows;
import dev.mneme.HostSession;
import dev.mneme.MemorySession;
import dev.mneme.Rows;
import dev.mneme.llamacpp.LlamaCppHost;
import dev.mneme.llamacpp.LlamaCppLibrary;
import dev.mneme.llamacpp.LlamaCppOptions;
import dev.mneme.llamacpp.internal.MlpWeights;
import dev.mneme.store.gguf.GgufType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * The bundled llama.cpp and another one in one process, on the same random weights: a token and
 * prompts of a 0.5 B host, rows of a 120 M MLP Memory. The two take turns in every round.
 */
public final class LibraryBenchmark {

  private static final int TOKENS = 16;
  private static final int PAUSE = 60; // ms, until OpenMP's threads of the other one have slept in

  private LibraryBenchmark() {}

  /** Something timed: calls of one library, each of so many tokens or rows. */
  private record Work(String name, int calls, IntConsumer call, Runnable before) {}

  /**
   * Arguments: a folder for the models, the other library (libllama or the folder of a release),
   * the weight type, the threads, the rounds.
   */
  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    LlamaCppOptions bundled =
        LlamaCppOptions.defaults()
            .withThreads(Integer.parseInt(args[3]))
            .withLibrary(LlamaCppOptions.BUNDLED);
    LlamaCppOptions other = bundled.withLibrary(Path.of(args[1]));
    GgufType type = GgufType.valueOf(args[2]);
    int rounds = Integer.parseInt(args[4]);
    Path host = folder.resolve("0.5b-" + type + ".gguf");
    if (!Files.exists(host)) {
      RandomModel.HALF_BILLION.write(host, type);
    }
    Path memory = folder.resolve("mlp-120m-" + type + ".gguf");
    if (!Files.exists(memory)) {
      RandomModel.writeMlp(memory, RandomModel.MLP_120M, type);
    }
    System.out.printf(
        "%s, %s threads, %d rounds; ms of %s and of %s, medians; ratio of the second to the"
            + " first%n",
        type,
        args[3],
        rounds,
        LlamaCppLibrary.inspect(LlamaCppOptions.BUNDLED).release(),
        LlamaCppLibrary.inspect(Path.of(args[1])).release());
    int threads = bundled.threads();
    try (LlamaCppHost oldHost = LlamaCppHost.open(host, bundled);
        LlamaCppHost newHost = LlamaCppHost.open(host, other);
        HostSession oldSession = oldHost.openSession(threads);
        HostSession newSession = newHost.openSession(threads)) {
      List<Work> first = hostWork(oldSession);
      List<Work> second = hostWork(newSession);
      for (int i = 0; i < first.size(); i++) {
        compare(first.get(i), second.get(i), rounds);
      }
    }
    try (MlpWeights oldWeights = new MlpWeights(memory, RandomModel.MLP_120M, bundled);
        MlpWeights newWeights = new MlpWeights(memory, RandomModel.MLP_120M, other);
        MemorySession oldSession = oldWeights.openSession(threads);
        MemorySession newSession = newWeights.openSession(threads)) {
      for (int rows : new int[] {1, 8, 64}) {
        IntFunction<Work> work =
            which -> memoryWork(which == 0 ? oldSession : newSession, rows, 64 / rows);
        compare(work.apply(0), work.apply(1), rounds);
      }
    }
  }

  private static List<Work> hostWork(HostSession session) {
    return List.of(
        new Work(
            "one token",
            TOKENS,
            i -> session.forward(new int[] {2000 + i}, Rows.LAST),
            () -> {
              session.truncate(0);
              session.forward(prompt(32), Rows.LAST);
            }),
        promptWork(session, 64),
        promptWork(session, 256));
  }

  private static Work promptWork(HostSession session, int length) {
    return new Work(
        "prompt of " + length,
        1,
        _ -> session.forward(prompt(length), Rows.LAST),
        () -> session.truncate(0));
  }

  private static int[] prompt(int length) {
    return IntStream.range(1000, 1000 + length).toArray();
  }

  private static Work memoryWork(MemorySession session, int rows, int calls) {
    int width = RandomModel.MLP_120M.input();
    var random = new Random(1);
    float[] numbers = new float[rows * width];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    FloatRows activations = FloatRows.of(numbers, width);
    int[] tokens = new int[rows];
    return new Work(
        "MLP Memory, rows: " + rows,
        calls,
        _ -> session.recall(tokens, activations, Rows.ALL),
        () -> {});
  }

  private static void compare(Work first, Work second, int rounds) {
    double[][] millis = new double[2][rounds];
    double[] ratios = new double[rounds];
    for (int round = -1; round < rounds; round++) {
      boolean swapped = round % 2 == 0;
      double one = swapped ? 0 : time(first);
      double two = time(second);
      one = swapped ? time(first) : one;
      if (round >= 0) {
        millis[0][round] = one;
        millis[1][round] = two;
        ratios[round] = two / one;
      }
    }
    Arrays.sort(millis[0]);
    Arrays.sort(millis[1]);
    Arrays.sort(ratios);
    int middle = rounds / 2;
    System.out.printf(
        Locale.ROOT,
        "%-20s %8.2f %8.2f  %.2f (%.2f to %.2f)%n",
        first.name(),
        millis[0][middle],
        millis[1][middle],
        ratios[middle],
        ratios[0],
        ratios[rounds - 1]);
  }

  /** Milliseconds a call. */
  private static double time(Work work) {
    try {
      Thread.sleep(PAUSE);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    work.before().run();
    long start = System.nanoTime();
    for (int i = 0; i < work.calls(); i++) {
      work.call().accept(i);
    }
    return (System.nanoTime() - start) / 1e6 / work.calls();
  }
}
