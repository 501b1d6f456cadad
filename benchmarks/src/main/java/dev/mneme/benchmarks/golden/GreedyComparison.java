package dev.mneme.benchmarks.golden;

import com.google.common.primitives.Ints;
import dev.mneme.FloatRows;
import dev.mneme.GeneratedToken;
import dev.mneme.Generation;
import dev.mneme.GenerationRequest;
import dev.mneme.HostModel;
import dev.mneme.HostSession;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MemoryModule;
import dev.mneme.MemorySession;
import dev.mneme.Mixture;
import dev.mneme.Rows;
import dev.mneme.store.json.JsonValue;
import java.util.Arrays;
import java.util.List;

/** Greedy continuations of the host, of each memory and of their mixtures. */
final class GreedyComparison {

  private final ReferenceModels models;
  private final JsonValue expected;
  private final Deviations deviations;

  GreedyComparison(ReferenceModels models, JsonValue expected, Deviations deviations) {
    this.models = models;
    this.expected = expected;
    this.deviations = deviations;
  }

  void run() {
    expected.get("prompts").members().forEach(this::comparePrompt);
    compareHostFromNothing();
  }

  private void comparePrompt(String domain, JsonValue entry) {
    String memory = entry.get("memory_model").string();
    double mixed = expected.get("lambda_mixture").number();
    try (MemoryAugmentedModel model = models.open()) {
      int[] prompt = model.host().tokenizer().encode(entry.get("prompt").string());
      equal(Group.TOKENS, Figures.ids(entry.get("prompt_ids")), prompt, "prompt about " + domain);
      compare(model, entry, "host", domain);
    }
    compareMargin(memory, 0, entry, "host", domain);
    try (MemoryAugmentedModel model = models.open(memory, 1)) {
      compare(model, entry, "memory", domain);
    }
    compareMargin(memory, 1, entry, "memory", domain);
    String mixture = "mixture_" + mixed;
    try (MemoryAugmentedModel model = models.open(memory, mixed)) {
      compare(model, entry, mixture, domain);
    }
    compareMargin(memory, mixed, entry, mixture, domain);
  }

  private void compare(MemoryAugmentedModel model, JsonValue entry, String voice, String domain) {
    String where = domain + ", " + voice;
    int[] ids = Figures.ids(entry.get(voice).get("ids"));
    Generation generation =
        model.generate(
            GenerationRequest.of(entry.get("prompt").string())
                .withMaxTokens(ids.length)
                .withStopAtEnd(false));
    equal(Group.GREEDY, ids, drawn(generation), where);
    deviations.equal(
        Group.GREEDY, entry.get(voice).get("text").string(), generation.text(), where + ", text");
  }

  private void compareHostFromNothing() {
    JsonValue entry = expected.get("host_from_bos");
    int[] ids = Figures.ids(entry.get("ids"));
    try (MemoryAugmentedModel model = models.open()) {
      Generation generation =
          model.generate(
              GenerationRequest.ofIds(ids[0]).withMaxTokens(ids.length - 1).withStopAtEnd(false));
      int[] all = Ints.concat(new int[] {ids[0]}, drawn(generation));
      equal(Group.GREEDY, ids, all, "host from its first id");
      deviations.equal(
          Group.GREEDY,
          entry.get("text").string(),
          model.host().tokenizer().decode(all),
          "host from its first id, text");
    }
  }

  private static int[] drawn(Generation generation) {
    return generation.tokens().stream().mapToInt(GeneratedToken::id).toArray();
  }

  /** The smallest {@code ln(best / second)} along the reference's own continuation. */
  private void compareMargin(
      String memoryName, double lambda, JsonValue entry, String voice, String domain) {
    int[] prompt = Figures.ids(entry.get("prompt_ids"));
    int[] all = Ints.concat(prompt, Figures.ids(entry.get(voice).get("ids")));
    int[] read = Arrays.copyOf(all, all.length - 1);
    double smallest = Double.POSITIVE_INFINITY;
    try (HostModel host = models.openHost();
        MemoryModule memory = models.openMemory(memoryName);
        HostSession hostSession = host.openSession(1);
        MemorySession memorySession = memory.openSession(1)) {
      FloatRows hostRows = hostSession.forward(read, Rows.ALL);
      FloatRows memoryRows = memorySession.recall(read, Rows.ALL);
      var mixture = new Mixture(host.logitWidth(), 1);
      mixture.weigh(new double[] {lambda});
      for (int row = prompt.length - 1; row < read.length; row++) {
        mixture.loadHost(hostRows.row(row));
        if (!mixture.loadMemory(0, memoryRows.row(row))) {
          throw new IllegalStateException(memoryName + " gave NaN or infinities");
        }
        smallest = Math.min(smallest, lead(mixture, host.logitWidth()));
      }
    }
    deviations.near(
        Group.MARGIN,
        List.of(entry.get(voice).get("min_log_ratio").number()),
        smallest,
        domain + ", " + voice);
  }

  private static double lead(Mixture mixture, int width) {
    double best = Double.NEGATIVE_INFINITY;
    double second = best;
    for (int id = 0; id < width; id++) {
      double value = mixture.logProbability(id);
      if (value > best) {
        second = best;
        best = value;
      } else if (value > second) {
        second = value;
      }
    }
    return best - second;
  }

  private void equal(Group group, int[] expectedIds, int[] found, String where) {
    deviations.equal(group, Ints.asList(expectedIds), Ints.asList(found), where);
  }
}
