package dev.mneme.benchmarks;

import com.sun.management.ThreadMXBean;
import dev.mneme.HostModel;
import dev.mneme.HostSession;
import dev.mneme.Rows;
import dev.mneme.djl.TorchHost;
import dev.mneme.djl.TorchOptions;
import dev.mneme.djl.WeightPrecision;
import dev.mneme.djl.internal.Torch;
import dev.mneme.llamacpp.LlamaCppHost;
import dev.mneme.store.gguf.GgufType;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A Hugging Face folder on PyTorch beside a script written by hand for its shape, and beside
 * llama.cpp on the same shape: single tokens, prompts of 256 tokens, objects made for a token, and
 * memory over many tokens. Random weights of Qwen2.5-0.5B's shape. All take turns, token by token,
 * so that a change of the machine's speed meets all of them.
 */
public final class FolderBenchmark {

  private static final int PROMPT = 256;
  private static final int STEPS = 24;

  /** Tokens between two lines of the memory's size. */
  private static final int REPORTED = 1000;

  private FolderBenchmark() {}

  /**
   * Arguments: a folder for the models, the threads, and how many rounds; or the folder, the
   * threads, {@code memory}, a {@link WeightPrecision} and how many tokens.
   */
  public static void main(String[] args) throws IOException {
    Path models = Path.of(args[0]);
    int threads = Integer.parseInt(args[1]);
    Path folder = models.resolve("0.5b-folder");
    if (!Files.exists(folder.resolve("model.safetensors"))) {
      RandomFolder.write(folder, RandomModel.HALF_BILLION);
    }
    if (args[2].equals("memory")) {
      watchMemory(folder, threads, WeightPrecision.valueOf(args[3]), Integer.parseInt(args[4]));
    } else {
      compare(models, folder, threads, Integer.parseInt(args[2]));
    }
  }

  /** One way to run the shape. */
  private interface Way extends AutoCloseable {

    /** Appends tokens to the first so many and computes the logits after the last. */
    void forward(int past, int[] tokens);

    @Override
    void close();
  }

  private record Hosted(HostModel host, HostSession session) implements Way {

    static Way of(HostModel host, int threads) {
      return new Hosted(host, host.openSession(threads));
    }

    @Override
    public void forward(int past, int[] tokens) {
      session.truncate(past);
      session.forward(tokens, Rows.LAST);
    }

    @Override
    public void close() {
      session.close();
      host.close();
    }
  }

  private record ByHand(HandWrittenDecoder decoder) implements Way {

    @Override
    public void forward(int past, int[] tokens) {
      decoder.truncate(past);
      decoder.forward(tokens);
    }

    @Override
    public void close() {
      decoder.close();
    }
  }

  private static void compare(Path models, Path folder, int threads, int rounds) {
    List<String> names =
        List.of(
            "PyTorch bfloat16",
            "by hand bfloat16",
            "PyTorch int8",
            "by hand int8",
            "llama.cpp F16",
            "llama.cpp Q8_0");
    List<Way> ways = new ArrayList<>();
    Torch.newManager().close(); // loads PyTorch
    Torch.prepareInference(threads);
    try {
      ways.add(Hosted.of(torch(folder, WeightPrecision.BFLOAT16), threads));
      ways.add(
          new ByHand(
              new HandWrittenDecoder(
                  RandomModel.HALF_BILLION, HandWrittenDecoder.Numbers.BFLOAT16)));
      ways.add(Hosted.of(torch(folder, WeightPrecision.INT8), threads));
      ways.add(
          new ByHand(
              new HandWrittenDecoder(RandomModel.HALF_BILLION, HandWrittenDecoder.Numbers.INT8)));
      ways.add(Hosted.of(llamaCpp(models, GgufType.F16), threads));
      ways.add(Hosted.of(llamaCpp(models, GgufType.Q8_0), threads));
      double[][] decode = new double[ways.size()][rounds];
      double[][] prefill = new double[ways.size()][rounds];
      for (int round = -1; round < rounds; round++) {
        measure(ways, Math.max(0, round), decode, prefill);
      }
      print(names, threads, decode, prefill);
      System.out.printf(
          Locale.ROOT,
          "Java objects for a token: bfloat16 %d bytes, int8 %d bytes%n",
          allocated(ways.get(0)),
          allocated(ways.get(2)));
    } finally {
      ways.forEach(Way::close);
    }
  }

  private static TorchHost torch(Path folder, WeightPrecision precision) {
    return TorchHost.open(folder, TorchOptions.defaults().withPrecision(precision));
  }

  private static LlamaCppHost llamaCpp(Path models, GgufType type) {
    Path file = models.resolve("0.5b-" + type + ".gguf");
    if (!Files.exists(file)) {
      RandomModel.HALF_BILLION.write(file, type);
    }
    return LlamaCppHost.open(file);
  }

  /** Seconds for each way's prompt and for one of its tokens after it. */
  private static void measure(List<Way> ways, int round, double[][] decode, double[][] prefill) {
    int[] prompt = new int[PROMPT];
    Arrays.setAll(prompt, i -> 1000 + i);
    for (int way = 0; way < ways.size(); way++) {
      prefill[way][round] = seconds(ways.get(way), 0, prompt);
      decode[way][round] = 0;
    }
    for (int step = 0; step < STEPS; step++) {
      for (int turn = 0; turn < ways.size(); turn++) {
        int way = (step + turn) % ways.size(); // so that none always follows the same
        decode[way][round] +=
            seconds(ways.get(way), PROMPT + step, new int[] {2000 + step}) / STEPS;
      }
    }
  }

  private static double seconds(Way way, int past, int[] tokens) {
    long start = System.nanoTime();
    way.forward(past, tokens);
    return (System.nanoTime() - start) / 1e9;
  }

  private static void print(
      List<String> names, int threads, double[][] decode, double[][] prefill) {
    System.out.printf("%d threads; tokens a second, and the rate beside the script's%n", threads);
    for (int way = 0; way < names.size(); way++) {
      System.out.printf(
          Locale.ROOT,
          "%-18s single tokens %6.2f, prompt %7.1f",
          names.get(way),
          1 / median(decode[way]),
          PROMPT / median(prefill[way]));
      if (way < 4 && way % 2 == 0) {
        System.out.printf(
            Locale.ROOT,
            "; %.3f and %.3f of the script's",
            median(ratios(decode[way + 1], decode[way])),
            median(ratios(prefill[way + 1], prefill[way])));
      }
      System.out.println();
    }
  }

  private static double[] ratios(double[] over, double[] under) {
    double[] ratios = new double[over.length];
    Arrays.setAll(ratios, i -> over[i] / under[i]);
    return ratios;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static long allocated(Way way) {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    int[] token = {2000};
    way.forward(PROMPT, token);
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int step = 0; step < STEPS; step++) {
      way.forward(PROMPT + 1 + step, token);
    }
    return (threads.getCurrentThreadAllocatedBytes() - before) / STEPS;
  }

  private static void watchMemory(Path folder, int threads, WeightPrecision precision, int tokens)
      throws IOException {
    try (Way way = Hosted.of(torch(folder, precision), threads)) {
      for (int token = 0; token <= tokens; token++) {
        way.forward(token % PROMPT, new int[] {2000});
        if (token % REPORTED == 0) {
          System.out.printf(
              Locale.ROOT,
              "%6d tokens: %.1f MB of anonymous memory%n",
              token,
              anonymousMegabytes());
        }
      }
    }
  }

  /** What the process holds that is not a mapped file, the Java heap included. */
  private static double anonymousMegabytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("RssAnon:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
            .sum()
        / 1024.0;
  }
}
