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
 * Prints the process's resident memory on Linux after the first generation and after many, as
 * "first MB last MB". Modes: "at once" runs ROUNDS times COUNT generations on virtual threads; "in
 * turn" runs them one after the other; "reopened" opens and closes everything COUNT times.
 * Arguments: HOST MEMORY|- MODE COUNT ROUNDS
 */
public class Memory {
  private static final GenerationRequest REQUEST =
      GenerationRequest.of("Once upon a time").withMaxTokens(3);

  public static void main(String[] args) throws Exception {
    int count = Integer.parseInt(args[3]);
    int rounds = Integer.parseInt(args[4]);
    long first =
        args[2].equals("reopened")
            ? reopened(args[0], args[1], count)
            : kept(args[0], args[1], args[2].equals("at once"), count, rounds);
    System.gc();
    System.out.println("first " + first + " last " + residentMegabytes());
  }

  private static long reopened(String host, String memory, int count) throws IOException {
    long first = 0;
    for (int i = 0; i < count; i++) {
      try (MemoryAugmentedModel model = open(host, memory)) {
        model.generate(REQUEST);
      }
      if (i == 4) {
        first = residentMegabytes();
      }
    }
    return first;
  }

  private static long kept(String host, String memory, boolean atOnce, int count, int rounds)
      throws IOException {
    try (MemoryAugmentedModel model = open(host, memory)) {
      model.generate(REQUEST);
      long first = residentMegabytes();
      for (int round = 0; round < rounds; round++) {
        try (ExecutorService threads =
            atOnce
                ? Executors.newVirtualThreadPerTaskExecutor()
                : Executors.newSingleThreadExecutor()) {
          for (int i = 0; i < count; i++) {
            threads.submit(() -> model.generate(REQUEST));
          }
        }
      }
      return first;
    }
  }

  private static MemoryAugmentedModel open(String host, String memory) {
    var model = MemoryAugmentedModel.over(HostLoader.open(Path.of(host)));
    if (!memory.equals("-")) {
      model.attach(MemoryLoader.open(Path.of(memory), model.host()), LambdaPolicy.fixed(0.5));
    }
    return model;
  }

  private static long residentMegabytes() throws IOException {
    String line =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(text -> text.startsWith("VmRSS:"))
            .findFirst()
            .orElseThrow();
    return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024;
  }
}
