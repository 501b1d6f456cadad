package dev.mneme.integration;

import static dev.mneme.MallocGrowth.requireNoGrowth;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mneme.GeneratedToken;
import dev.mneme.Generation;
import dev.mneme.GenerationRequest;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MemoryModule;
import dev.mneme.ModelOptions;
import dev.mneme.Sampling;
import dev.mneme.llamacpp.LlamaCppHost;
import dev.mneme.llamacpp.LlamaCppMemoryDecoder;
import dev.mneme.llamacpp.LlamaCppOptions;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.WeightType;
import dev.mneme.store.hf.GgufConverter;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model whose memory is swapped again and again while it generates for many. */
class SwapUnderLoadTest {

  private static final int GENERATIONS = 1_000;

  /** So many have a session at a time; a session takes two threads. */
  private static final int AT_ONCE = 100;

  /** A swap takes about as long; without a pause nothing else would get done. */
  private static final int SWAP_PAUSE_MILLIS = 5;

  private static final int PROMPTS = 8;
  private static final int TOKENS = 12;

  @TempDir Path directory;
  private Path host = Path.of("");
  private final List<MemoryPack> packs = new ArrayList<>();

  @BeforeEach
  void makeAHostAndThreePacks() {
    Path model = TinyModel.write(TinyModel.directory(directory, "host"), Family.LLAMA, 9);
    host = directory.resolve("host.gguf");
    GgufConverter.convertHost(model, host, WeightType.F32);
    for (int seed = 1; seed <= 3; seed++) {
      Path memory = TinyModel.write(TinyModel.directory(directory, "m" + seed), Family.LLAMA, seed);
      packs.add(MemoryPack.importFrom(memory, "law", "law", directory.resolve("law-" + seed)));
    }
  }

  private static LlamaCppOptions options() {
    return LlamaCppOptions.defaults().withContextLength(TinyModel.CONTEXT).withBatchSize(64);
  }

  private MemoryAugmentedModel model() {
    return MemoryAugmentedModel.over(
        LlamaCppHost.open(host, options()), ModelOptions.defaults().withCores(1));
  }

  /** Mapped, so that what is held of a pack can be seen. */
  private static MemoryModule open(MemoryPack pack) {
    return LlamaCppMemoryDecoder.open(pack, WeightType.F32, options().withMemoryMapped(true));
  }

  private static GenerationRequest request(int prompt) {
    return GenerationRequest.ofIds(1, 100 + prompt, 110 + prompt)
        .withMaxTokens(TOKENS)
        .withStopAtEnd(false)
        .withSampling(Sampling.of(1).withSeed(prompt));
  }

  private static List<Integer> ids(Generation generation) {
    return generation.tokens().stream().map(GeneratedToken::id).toList();
  }

  /** What each pack alone says to each prompt, by the pack's digest. */
  private Map<String, List<List<Integer>>> alone() {
    Map<String, List<List<Integer>>> all = new HashMap<>();
    for (MemoryPack pack : packs) {
      try (MemoryAugmentedModel model = model()) {
        model.attach(open(pack), LambdaPolicy.fixed(0.6));
        List<List<Integer>> answers = new ArrayList<>();
        for (int prompt = 0; prompt < PROMPTS; prompt++) {
          answers.add(ids(model.generate(request(prompt))));
        }
        all.put(pack.digest(), answers);
      }
    }
    return all;
  }

  @Test
  void everyGenerationIsOfOnePackFromItsFirstTokenToItsLast() throws Exception {
    Map<String, List<List<Integer>>> alone = alone();
    assertThat(Set.copyOf(alone.values())).as("packs that say different things").hasSize(3);
    try (MemoryAugmentedModel model = model()) {
      model.attach(open(packs.getFirst()), LambdaPolicy.fixed(0.6));
      List<Generation> generations = generateWhileSwapping(model, GENERATIONS);

      for (int i = 0; i < GENERATIONS; i++) {
        Generation generation = generations.get(i);
        assertThat(generation.memories()).as("generation %d", i).hasSize(1);
        String digest = generation.memories().getFirst().digest();
        assertThat(ids(generation))
            .as("generation %d with %s", i, digest)
            .isEqualTo(alone.getOrDefault(digest, List.of()).get(i % PROMPTS));
      }
      assertThat(
              generations.stream()
                  .map(g -> g.memories().getFirst().digest())
                  .collect(Collectors.toSet()))
          .isEqualTo(alone.keySet());
    }
  }

  @Test
  void aSwapIsSeenByTheNextGeneration() {
    try (MemoryAugmentedModel model = model()) {
      model.attach(open(packs.getFirst()), LambdaPolicy.fixed(0.6));
      for (int i = 1; i <= 2 * packs.size(); i++) {
        MemoryPack next = packs.get(i % packs.size());
        model.swap("law", open(next), LambdaPolicy.fixed(0.6));
        assertThat(model.generate(request(0)).memories().getFirst().digest())
            .isEqualTo(next.digest());
      }
    }
  }

  @Test
  void onePackIsMappedOnceHoweverManyUseItAndNoneWhenAllHaveEnded() throws Exception {
    try (MemoryAugmentedModel model = model()) {
      model.attach(open(packs.getFirst()), LambdaPolicy.fixed(0.6));
      generateWhileSwapping(model, 100);
      String attached = model.memories().getFirst().digest().substring("sha256:".length());
      assertThat(mapped()).hasSize(1).allMatch(file -> file.contains(attached));
    }
    assertThat(mapped()).isEmpty();
  }

  @Test
  void nativeMemoryReturnsToWhatItWas() {
    requireNoGrowth(
        () -> {
          try (MemoryAugmentedModel model = model()) {
            model.attach(open(packs.getFirst()), LambdaPolicy.fixed(0.6));
            generateWhileSwapping(model, 50);
          } catch (Exception e) {
            throw new AssertionError(e);
          }
        },
        50 * 5_000); // a forgotten session takes more
  }

  /** Files of these packs that are mapped now, each as often as it is. */
  private List<String> mapped() throws IOException {
    Set<String> digests =
        packs.stream()
            .map(pack -> pack.digest().substring("sha256:".length()))
            .collect(Collectors.toSet());
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(line -> digests.stream().anyMatch(line::contains))
        .toList();
  }

  private List<Generation> generateWhileSwapping(MemoryAugmentedModel model, int count)
      throws Exception {
    var places = new Semaphore(AT_ONCE);
    List<Future<Generation>> running = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < count; i++) {
        int prompt = i % PROMPTS;
        running.add(
            threads.submit(
                () -> {
                  places.acquire();
                  try {
                    return model.generate(request(prompt));
                  } finally {
                    places.release();
                  }
                }));
      }
      for (int swaps = 1; !running.stream().allMatch(Future::isDone); swaps++) {
        model.swap("law", open(packs.get(swaps % packs.size())), LambdaPolicy.fixed(0.6));
        Thread.sleep(SWAP_PAUSE_MILLIS);
      }
    }
    List<Generation> generations = new ArrayList<>();
    for (Future<Generation> generation : running) {
      generations.add(generation.get());
    }
    return generations;
  }
}
