package dev.mneme.benchmarks;

import dev.mneme.GenerationRequest;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MemoryModule;
import dev.mneme.llamacpp.LlamaCppHost;
import dev.mneme.llamacpp.LlamaCppMemoryLoader;
import dev.mneme.llamacpp.LlamaCppOptions;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.WeightType;
import dev.mneme.store.hf.GgufConverter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * How long a memory of Qwen2.5-0.5B's shape (random weights, 151,936 entries) takes to be attached
 * in place of another, while the model generates: the first time, when everything is read and
 * converted, and then from what is kept of that. Files are in the page cache.
 */
public final class AttachBenchmark {

  private AttachBenchmark() {}

  /** Arguments: a folder for the models, how many rounds, and a {@link WeightType}. */
  public static void main(String[] args) {
    Path models = Path.of(args[0]);
    int rounds = Integer.parseInt(args[1]);
    WeightType type = WeightType.valueOf(args[2]);
    Path folder = models.resolve("0.5b-folder");
    if (!Files.exists(folder.resolve("model.safetensors"))) {
      RandomFolder.write(folder, RandomModel.HALF_BILLION);
    }
    Path host = models.resolve("0.5b-host.gguf");
    if (!Files.exists(host)) {
      GgufConverter.convertHost(folder, host, WeightType.Q8_0);
    }
    List<Path> packs = List.of(pack(folder, models, "one"), pack(folder, models, "two"));
    try (var model = MemoryAugmentedModel.over(LlamaCppHost.open(host))) {
      for (int i = 0; i < packs.size(); i++) {
        Times first = Times.of(model, packs.get(i), type);
        System.out.println("first time: " + first);
      }
      List<Times> warm = new ArrayList<>();
      Thread busy = Thread.ofPlatform().daemon().start(() -> generate(model));
      for (int round = 0; round < rounds; round++) {
        warm.add(Times.of(model, packs.get(round % packs.size()), type));
      }
      busy.interrupt();
      System.out.printf(
          "median of %d while generating, %s: %s%n", rounds, type, Times.median(warm));
      System.out.printf("slowest swap: %.3f ms%n", slowestSwap(warm));
    }
  }

  private static Path pack(Path folder, Path models, String name) {
    Path pack = models.resolve("0.5b-pack-" + name);
    if (!Files.exists(pack)) {
      MemoryPack.importFrom(folder, name, "", pack);
    }
    return pack;
  }

  private static void generate(MemoryAugmentedModel model) {
    while (!Thread.currentThread().isInterrupted()) {
      model.generate(GenerationRequest.ofIds(1, 2, 3).withMaxTokens(16).withStopAtEnd(false));
    }
  }

  private static double slowestSwap(List<Times> all) {
    return all.stream().mapToDouble(Times::swap).max().orElse(Double.NaN);
  }

  /**
   * Milliseconds of one attachment.
   *
   * @param open to verify the pack and read what it says
   * @param load to have its weights in the engine
   * @param swap to compare it with the host and put it in place
   */
  private record Times(double open, double load, double swap) {

    static Times of(MemoryAugmentedModel model, Path folder, WeightType type) {
      long start = System.nanoTime();
      MemoryPack pack = MemoryPack.open(folder);
      long opened = System.nanoTime();
      MemoryModule memory = LlamaCppMemoryLoader.load(pack, type, LlamaCppOptions.defaults());
      long loaded = System.nanoTime();
      LambdaPolicy half = LambdaPolicy.fixed(0.5);
      if (model.memories().isEmpty()) {
        model.attach(memory, half);
      } else {
        model.swap(model.memories().getFirst().name(), memory, half);
      }
      long swapped = System.nanoTime();
      return new Times((opened - start) / 1e6, (loaded - opened) / 1e6, (swapped - loaded) / 1e6);
    }

    static Times median(List<Times> all) {
      return new Times(
          median(all.stream().mapToDouble(Times::open).toArray()),
          median(all.stream().mapToDouble(Times::load).toArray()),
          median(all.stream().mapToDouble(Times::swap).toArray()));
    }

    private static double median(double[] values) {
      Arrays.sort(values);
      return values[values.length / 2];
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "open %.1f ms, load %.1f ms, swap %.3f ms, together %.1f ms",
          open,
          load,
          swap,
          open + load + swap);
    }
  }
}
