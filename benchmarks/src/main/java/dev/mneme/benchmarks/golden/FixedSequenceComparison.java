package dev.mneme.benchmarks.golden;

import dev.mneme.FloatRows;
import dev.mneme.HostModel;
import dev.mneme.HostSession;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MemoryModule;
import dev.mneme.MemorySession;
import dev.mneme.Rows;
import dev.mneme.TokenScore;
import dev.mneme.store.json.JsonValue;
import java.util.List;
import java.util.Map;

/**
 * The fixed sequence: logits of every model at a few positions, and the log-probability of the id
 * that follows there, in each model and in the mixtures.
 */
final class FixedSequenceComparison {

  private final ReferenceModels models;
  private final String host;
  private final Deviations deviations;
  private final JsonValue expected;
  private final int[] ids;

  FixedSequenceComparison(
      ReferenceModels models, String host, JsonValue expected, Deviations deviations) {
    this.models = models;
    this.host = host;
    this.deviations = deviations;
    this.expected = expected;
    this.ids = Figures.ids(expected.get("ids"));
  }

  void run() {
    compareText();
    compareHost();
    expected.get("mixed_logprob_next").members().forEach(this::compareMemory);
  }

  private void compareText() {
    try (HostModel opened = models.openHost()) {
      String text = opened.tokenizer().decode(ids);
      deviations.equal(Group.TOKENS, expected.get("text").string(), text, "fixed sequence");
    }
  }

  private void compareHost() {
    JsonValue positions = expected.get("models").get(host);
    try (HostModel opened = models.openHost();
        HostSession session = opened.openSession(1)) {
      compareLogits(host, positions, session.forward(ids, Rows.ALL));
    }
    try (MemoryAugmentedModel model = models.open()) {
      List<TokenScore> scores = model.score(ids).tokens();
      for (JsonValue position : positions.elements()) {
        compareNext(host, position, score(scores, position).host());
        compareNext(host, position, score(scores, position).mixture());
      }
    }
  }

  private void compareMemory(String memory, JsonValue mixtures) {
    JsonValue positions = expected.get("models").get(memory);
    try (MemoryModule opened = models.openMemory(memory);
        MemorySession session = opened.openSession(1)) {
      compareLogits(memory, positions, session.recall(ids, Rows.ALL));
    }
    Map<String, JsonValue> lambdas = mixtures.elements().getFirst().get("float64").members();
    for (String lambda : lambdas.keySet()) {
      try (MemoryAugmentedModel model = models.open(memory, Double.parseDouble(lambda))) {
        List<TokenScore> scores = model.score(ids).tokens();
        for (JsonValue position : positions.elements()) {
          compareNext(memory, position, only(score(scores, position).memories()));
        }
        for (JsonValue position : mixtures.elements()) {
          deviations.near(
              Group.MIXED,
              Figures.both(position, lambda),
              score(scores, position).mixture(),
              where(memory, position) + ", λ " + lambda);
        }
      }
    }
  }

  private void compareLogits(String model, JsonValue positions, FloatRows rows) {
    for (JsonValue position : positions.elements()) {
      int row = Figures.integer(position.get("position"));
      String where = where(model, position);
      for (String precision : List.of("float32", "float64")) {
        List<JsonValue> first = position.get(precision).get("first16").elements();
        for (int id = 0; id < first.size(); id++) {
          deviations.near(Group.LOGITS, List.of(first.get(id).number()), rows.get(row, id), where);
        }
        int argmax = argmax(rows, row);
        deviations.equal(
            Group.ARGMAX, Figures.integer(position.get(precision).get("argmax")), argmax, where);
      }
      double max = rows.get(row, argmax(rows, row));
      deviations.near(Group.LOGITS, Figures.both(position, "max"), max, where);
      double sum = 0;
      for (int id = 0; id < rows.width(); id++) {
        sum += Math.exp(rows.get(row, id) - max);
      }
      deviations.near(
          Group.LOGITS, Figures.both(position, "logsumexp"), max + Math.log(sum), where);
    }
  }

  private static int argmax(FloatRows rows, int row) {
    int best = 0;
    for (int id = 1; id < rows.width(); id++) {
      best = rows.get(row, id) > rows.get(row, best) ? id : best;
    }
    return best;
  }

  private void compareNext(String model, JsonValue position, double found) {
    deviations.near(
        Group.LOG_PROBABILITIES,
        Figures.both(position, "logprob_next"),
        found,
        where(model, position));
  }

  /** The score of the id after a position. */
  private static double only(Map<String, Double> memories) {
    return memories.values().iterator().next();
  }

  private static TokenScore score(List<TokenScore> scores, JsonValue position) {
    return scores.get(Figures.integer(position.get("position")));
  }

  private static String where(String model, JsonValue position) {
    return model + ", position " + Figures.integer(position.get("position"));
  }
}
