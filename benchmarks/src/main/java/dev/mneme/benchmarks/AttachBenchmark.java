package dev.mneme.benchmarks;

import dev.mneme.GenerationRequest;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MemoryModule;
import dev.mneme.MemorySession;
import dev.mneme.MemoryUse;
import dev.mneme.Vocabulary;
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
import java.util.concurrent.atomic.AtomicLong;

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
    var closing = new AtomicLong();
    List<Path> packs = List.of(pack(folder, models, "one"), pack(folder, models, "two"));
    try (var model = MemoryAugmentedModel.over(LlamaCppHost.open(host))) {
      for (int i = 0; i < packs.size(); i++) {
        Times first = Times.of(model, packs.get(i), type, closing);
        System.out.println("first time: " + first);
      }
      List<Times> warm = new ArrayList<>();
      Thread busy = Thread.ofPlatform().daemon().start(() -> generate(model));
      for (int round = 0; round < rounds; round++) {
        warm.add(Times.of(model, packs.get(round % packs.size()), type, closing));
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

  /** A memory that says how long closing it took, which whoever used it last pays for. */
  private static final class Watched implements MemoryModule {

    private final MemoryModule memory;
    private final Thread maker = Thread.currentThread();
    private final AtomicLong closing;

    Watched(MemoryModule memory, AtomicLong closing) {
      this.memory = memory;
      this.closing = closing;
    }

    @Override
    public String name() {
      return memory.name();
    }

    @Override
    public String digest() {
      return memory.digest();
    }

    @Override
    public Vocabulary vocabulary() {
      return memory.vocabulary();
    }

    @Override
    public int logitWidth() {
      return memory.logitWidth();
    }

    @Override
    public int contextLength() {
      return memory.contextLength();
    }

    @Override
    public MemorySession openSession(int threads) {
      return memory.openSession(threads);
    }

    @Override
    public void close() {
      long start = System.nanoTime();
      memory.close();
      if (Thread.currentThread().equals(maker)) {
        closing.addAndGet(System.nanoTime() - start);
      }
    }
  }

  /**
   * Milliseconds of one attachment.
   *
   * @param open to verify the pack and read what it says
   * @param load to have its weights in the engine
   * @param swap to compare it with the host and put it in place
   * @param close to unmap the one before, where no generation uses it any more
   */
  private record Times(double open, double load, double swap, double close) {

    static Times of(MemoryAugmentedModel model, Path folder, WeightType type, AtomicLong closing) {
      long start = System.nanoTime();
      MemoryPack pack = MemoryPack.open(folder);
      long opened = System.nanoTime();
      MemoryModule memory = LlamaCppMemoryLoader.load(pack, type, LlamaCppOptions.defaults());
      var watched = new Watched(memory, closing);
      List<MemoryUse> attached = model.memories();
      LambdaPolicy half = LambdaPolicy.fixed(0.5);
      closing.set(0);
      long loaded = System.nanoTime();
      if (attached.isEmpty()) {
        model.attach(watched, half);
      } else {
        model.swap(attached.getFirst().name(), watched, half);
      }
      long swapped = System.nanoTime() - closing.get();
      return new Times(
          (opened - start) / 1e6,
          (loaded - opened) / 1e6,
          (swapped - loaded) / 1e6,
          closing.get() / 1e6);
    }

    static Times median(List<Times> all) {
      return new Times(
          median(all.stream().mapToDouble(Times::open).toArray()),
          median(all.stream().mapToDouble(Times::load).toArray()),
          median(all.stream().mapToDouble(Times::swap).toArray()),
          median(all.stream().mapToDouble(Times::close).toArray()));
    }

    private static double median(double[] values) {
      Arrays.sort(values);
      return values[values.length / 2];
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "open %.1f ms, load %.1f ms, swap %.3f ms, together %.1f ms; closing the old one %.1f ms",
          open,
          load,
          swap,
          open + load + swap,
          close);
    }
  }
}
