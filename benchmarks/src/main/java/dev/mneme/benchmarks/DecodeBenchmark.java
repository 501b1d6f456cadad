package dev.mneme.benchmarks;

import dev.mneme.GenerationRequest;
import dev.mneme.HostSession;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MemoryModule;
import dev.mneme.MemorySession;
import dev.mneme.Rows;
import dev.mneme.Vocabulary;
import dev.mneme.llamacpp.LlamaCppHost;
import dev.mneme.store.gguf.GgufType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CyclicBarrier;

/**
 * Time for a token of host and memory together, against each alone and against both run at once by
 * hand, on random weights of published shapes; one thread for each model. The ways take turns, so
 * that a change of the machine's speed meets all of them.
 */
public final class DecodeBenchmark {

  private static final int TOKENS = 24;
  private static final int ROUNDS = 15;
  private static final int PROMPT = 32;

  private DecodeBenchmark() {}

  /**
   * Arguments: a folder for the models, the weight type (Q8_0, F16, F32), the host (0.5b or 1.5b)
   * and, if not 15, how many rounds.
   */
  public static void main(String[] args) throws Exception {
    Path directory = Path.of(args[0]);
    GgufType type = GgufType.valueOf(args[1]);
    RandomModel shape =
        args[2].equals("1.5b") ? RandomModel.ONE_AND_A_HALF_BILLION : RandomModel.HALF_BILLION;
    int rounds = args.length > 3 ? Integer.parseInt(args[3]) : ROUNDS;
    Path hostFile = made(directory.resolve(args[2] + "-" + type + ".gguf"), shape, type);
    Path memoryFile =
        made(directory.resolve("0.5b-" + type + ".gguf"), RandomModel.HALF_BILLION, type);
    LlamaCppHost memory = LlamaCppHost.open(memoryFile);
    try (MemoryAugmentedModel model = MemoryAugmentedModel.over(LlamaCppHost.open(hostFile))) {
      double[][] seconds = new double[4][rounds];
      model.attach(new Borrowed(memory), LambdaPolicy.fixed(0.6));
      GenerationRequest request =
          GenerationRequest.ofIds(prompt()).withMaxTokens(TOKENS + 1).withStopAtEnd(false);
      for (int round = -1; round < rounds; round++) {
        double[] now = {
          alone(model.host()::openSession),
          alone(memory::openSession),
          byHand(model, memory),
          model.generate(request).decodeTime().toNanos() / 1e9 / TOKENS
        };
        for (int way = 0; way < now.length && round >= 0; way++) {
          seconds[way][round] = now[way];
        }
      }
      print(args, seconds);
    }
    memory.close();
  }

  private static void print(String[] args, double[][] seconds) {
    double[] median = Arrays.stream(seconds).mapToDouble(DecodeBenchmark::median).toArray();
    int rounds = seconds[0].length;
    double[] overhead = new double[rounds];
    double[] saved = new double[rounds];
    for (int round = 0; round < rounds; round++) {
      overhead[round] = seconds[3][round] / seconds[2][round];
      saved[round] = seconds[3][round] / (seconds[0][round] + seconds[1][round]);
    }
    System.out.printf(
        Locale.ROOT,
        "host %s %s + memory 0.5b, ms per token: host %.1f, memory %.1f, at once by hand %.1f,"
            + " Mneme %.1f (%.2f tokens/s); Mneme/by hand %.3f, Mneme/(host + memory) %.3f%n",
        args[2],
        args[1],
        median[0] * 1e3,
        median[1] * 1e3,
        median[2] * 1e3,
        median[3] * 1e3,
        1 / median[3],
        median(overhead),
        median(saved));
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static Path made(Path file, RandomModel shape, GgufType type) {
    if (!Files.exists(file)) {
      shape.write(file, type);
    }
    return file;
  }

  private static int[] prompt() {
    int[] ids = new int[PROMPT];
    for (int i = 0; i < PROMPT; i++) {
      ids[i] = 1000 + i;
    }
    return ids;
  }

  private interface Opener {
    HostSession open(int threads);
  }

  /** Seconds for each token of one model on one thread. */
  private static double alone(Opener opener) {
    try (HostSession session = opener.open(1)) {
      session.forward(prompt(), Rows.LAST);
      long start = System.nanoTime();
      for (int i = 0; i < TOKENS; i++) {
        session.forward(new int[] {2000 + i}, Rows.LAST);
      }
      return (System.nanoTime() - start) / 1e9 / TOKENS;
    }
  }

  /** Seconds for each step of two threads that meet after every token, with no mixing at all. */
  private static double byHand(MemoryAugmentedModel model, LlamaCppHost memory) throws Exception {
    var barrier = new CyclicBarrier(2);
    double[] seconds = new double[1];
    Thread other =
        Thread.ofPlatform().start(() -> steps(memory::openSession, barrier, new double[1]));
    Thread one =
        Thread.ofPlatform().start(() -> steps(model.host()::openSession, barrier, seconds));
    one.join();
    other.join();
    return seconds[0];
  }

  private static void steps(Opener opener, CyclicBarrier barrier, double[] seconds) {
    try (HostSession session = opener.open(1)) {
      session.forward(prompt(), Rows.LAST);
      barrier.await();
      long start = System.nanoTime();
      for (int i = 0; i < TOKENS; i++) {
        session.forward(new int[] {2000 + i}, Rows.LAST);
        barrier.await();
      }
      seconds[0] = (System.nanoTime() - start) / 1e9 / TOKENS;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** A host in the place of a memory, still owned by the benchmark. */
  private record Borrowed(LlamaCppHost model) implements MemoryModule {

    @Override
    public String name() {
      return "random";
    }

    @Override
    public String digest() {
      return "sha256:" + "0".repeat(64);
    }

    @Override
    public Vocabulary vocabulary() {
      return model.vocabulary();
    }

    @Override
    public int logitWidth() {
      return model.logitWidth();
    }

    @Override
    public int contextLength() {
      return model.contextLength();
    }

    @Override
    public MemorySession openSession(int threads) {
      return (MemorySession) model.openSession(threads);
    }

    @Override
    public void close() {}
  }
}
