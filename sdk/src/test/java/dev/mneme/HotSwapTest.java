package dev.mneme;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mneme.testing.BigramModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Memories that are swapped while many generations run. */
class HotSwapTest {

  private static final int GENERATIONS = 1000;
  private static final int PROMPTS = 16 * 7;
  private static final int THREADS = 8;
  private static final int SWAPS = 100;

  private static BigramModel memory(String name) {
    return new BigramModel(name, name.equals("law") ? 2 : 3);
  }

  private static GenerationRequest request(int number) {
    String prompt = Character.toString('a' + number % 16) + Character.toString('a' + number % 7);
    return GenerationRequest.of(prompt).withMaxTokens(6).withStopAtEnd(false);
  }

  /** What each memory alone makes of each prompt, by its digest. */
  private static Map<String, List<String>> expected() {
    var texts = new HashMap<String, List<String>>();
    for (String name : List.of("law", "finance")) {
      try (var model = MemoryAugmentedModel.over(new BigramModel("host", 1))) {
        BigramModel memory = memory(name);
        model.attach(memory, LambdaPolicy.fixed(0.8));
        var all = new ArrayList<String>();
        for (int i = 0; i < PROMPTS; i++) {
          all.add(model.generate(request(i)).text());
        }
        texts.put(memory.digest(), all);
      }
    }
    return texts;
  }

  @Test
  void everyGenerationIsTheOneOfTheSingleMemoryItNames() throws Exception {
    var used = new ArrayList<BigramModel>();
    var digests = new ArrayList<String>();
    Map<String, List<String>> expected = expected();
    try (var model = MemoryAugmentedModel.over(new BigramModel("host", 1));
        ExecutorService pool = Executors.newFixedThreadPool(THREADS)) {
      String current = "law";
      used.add(memory(current));
      model.attach(used.getLast(), LambdaPolicy.fixed(0.8));
      var results = new ArrayList<Future<Generation>>();
      for (int i = 0; i < GENERATIONS; i++) {
        GenerationRequest request = request(i);
        results.add(pool.submit(() -> model.generate(request)));
      }
      for (int i = 0; i < GENERATIONS; i += GENERATIONS / SWAPS) {
        results.get(i).get(); // and others still run
        String next = current.equals("law") ? "finance" : "law";
        used.add(memory(next));
        model.swap(current, used.getLast(), LambdaPolicy.fixed(0.8));
        current = next;
      }
      for (int i = 0; i < GENERATIONS; i++) {
        Generation generation = results.get(i).get();
        assertThat(generation.memories()).as("generation %d", i).hasSize(1);
        String digest = generation.memories().getFirst().digest();
        assertThat(generation.text())
            .as("generation %d", i)
            .isEqualTo(requireNonNull(expected.get(digest)).get(i % PROMPTS));
        digests.add(digest);
      }
    }
    assertThat(digests).containsAll(expected.keySet());
    assertThat(used).hasSize(1 + SWAPS).allMatch(BigramModel::isClosed);
  }
}
