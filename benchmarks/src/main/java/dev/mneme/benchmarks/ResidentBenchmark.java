package dev.mneme.benchmarks;

import dev.mneme.GenerationRequest;
import dev.mneme.HostLoader;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.store.MemoryLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Resident memory of a process that generates, on Linux: after the first generation, after 200 in
 * turn, and after 160 of which 8 and then 40 run at once. Prints megabytes. Arguments: a host and
 * perhaps a memory's folder.
 */
public final class ResidentBenchmark {

  private static final int IN_TURN = 200;
  private static final int AT_ONCE = 160;
  private static final GenerationRequest REQUEST =
      GenerationRequest.of("Once upon a time").withMaxTokens(3);

  private ResidentBenchmark() {}

  public static void main(String[] args) throws IOException {
    try (var model = MemoryAugmentedModel.over(HostLoader.open(Path.of(args[0])))) {
      if (args.length > 1) {
        model.attach(MemoryLoader.open(Path.of(args[1]), model.host()), LambdaPolicy.fixed(0.5));
      }
      model.generate(REQUEST);
      print("after one generation");
      for (int i = 0; i < IN_TURN; i++) {
        model.generate(REQUEST);
      }
      print("after %d in turn".formatted(IN_TURN));
      for (int width : new int[] {8, 40}) {
        try (ExecutorService threads = Executors.newFixedThreadPool(width)) {
          for (int i = 0; i < AT_ONCE; i++) {
            threads.execute(() -> model.generate(REQUEST));
          }
        }
        print("after %d, %d at once".formatted(AT_ONCE, width));
      }
    }
  }

  private static void print(String when) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS") || line.startsWith("VmHWM")) {
        long megabytes = Long.parseLong(line.replaceAll("\\D", "")) / 1024;
        System.out.printf("%s: %s %d MB%n", when, line.substring(0, 5), megabytes);
      }
    }
  }
}
