package dev.mneme.benchmarks.golden;

import dev.mneme.MemoryAugmentedModel;
import dev.mneme.Perplexity;
import dev.mneme.store.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoublePredicate;

/**
 * Perplexity of every model and every mixture on every text, each by a run of its own of {@link
 * Perplexity}, as {@code mneme eval} does it.
 */
final class PerplexityComparison {

  private static final int WINDOW = 512;
  private static final int STRIDE = 256;

  private final ReferenceModels models;
  private final Deviations deviations;
  private final JsonValue expected;
  private final List<Stream> streams;
  private final List<String> lines = new ArrayList<>();

  /**
   * @param expected the reference's perplexities
   * @param streams the texts
   */
  PerplexityComparison(
      ReferenceModels models, JsonValue expected, List<Stream> streams, Deviations deviations) {
    this.models = models;
    this.deviations = deviations;
    this.expected = expected;
    this.streams = streams;
  }

  /**
   * Compares each model alone; a memory by a mixture in which it has all the weight.
   *
   * @param host which of the models is the host
   */
  void runSingle(String host) {
    expected
        .get("single")
        .members()
        .forEach(
            (name, texts) -> {
              for (Stream stream : streams) {
                try (MemoryAugmentedModel model =
                    name.equals(host) ? models.open() : models.open(name, 1)) {
                  String where = name + " on " + stream.name();
                  double deviation =
                      compare(Group.SINGLE, model, stream, texts.get(stream.name()), where);
                  System.err.printf(Locale.ROOT, "%s: %+.1e%n", where, deviation);
                }
              }
            });
  }

  /**
   * Compares the mixtures.
   *
   * @param wanted which weights to run
   */
  void runMixtures(DoublePredicate wanted) {
    expected
        .get("mixture")
        .members()
        .forEach(
            (memory, texts) -> {
              for (Stream stream : streams) {
                runMixtures(memory, stream, texts.get(stream.name()), wanted);
              }
            });
  }

  private void runMixtures(
      String memory, Stream stream, JsonValue lambdas, DoublePredicate wanted) {
    var line = new StringBuilder("| %s on %s |".formatted(memory, stream.name()));
    lambdas
        .members()
        .forEach(
            (lambda, figures) -> {
              double weight = Double.parseDouble(lambda);
              if (!wanted.test(weight)) {
                return;
              }
              try (MemoryAugmentedModel model = models.open(memory, weight)) {
                String where = "%s on %s, λ %s".formatted(memory, stream.name(), lambda);
                double deviation = compare(Group.MIXTURE, model, stream, figures, where);
                line.append(String.format(Locale.ROOT, " %+.1e |", deviation));
              }
            });
    if (lines.isEmpty()) {
      List<String> run =
          lambdas.members().keySet().stream()
              .filter(lambda -> wanted.test(Double.parseDouble(lambda)))
              .toList();
      lines.add("| | λ " + String.join(" | λ ", run) + " |");
      lines.add("|---".repeat(1 + run.size()) + "|");
    }
    lines.add(line.toString());
    System.err.println(line);
  }

  /** The signed relative deviations from the 64-bit reference. */
  private double compare(
      Group group, MemoryAugmentedModel model, Stream stream, JsonValue figures, String where) {
    try (var perplexity = new Perplexity(model, WINDOW, STRIDE)) {
      stream.documents().forEach(perplexity::add);
      Perplexity.Result result = perplexity.result();
      double found = result.mixture().perplexity();
      double exact = figures.get("perplexity_float64").number();
      deviations.near(group, List.of(figures.get("perplexity").number(), exact), found, where);
      near(figures, "bits_per_byte", result.mixture().bitsPerByte(), where);
      near(figures, "nll", result.mixture().nll(), where);
      JsonValue account = expected.get("streams").get(stream.name());
      long tokens = account.get("scored_tokens").count();
      long bytes = account.get("text_bytes").count();
      deviations.equal(Group.SCORED, tokens, result.tokens(), where + ", ids");
      deviations.equal(Group.SCORED, bytes, result.bytes(), where + ", bytes");
      return found / exact - 1;
    }
  }

  private void near(JsonValue figures, String key, double found, String where) {
    deviations.near(Group.NLL, List.of(figures.get(key).number()), found, where + ", " + key);
  }

  /**
   * A Markdown table with a line for each memory and text: the signed relative deviation of the
   * mixture's perplexity from the 64-bit reference, at every weight run.
   */
  List<String> lines() {
    return lines;
  }
}
