package dev.mneme.trainer.recipe;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The tables of a comparison as Markdown; a dash stands for what could not be measured. */
final class ComparisonTables {

  private static final String NONE = "–";
  private static final double SECONDS_PER_MINUTE = 60;

  private final ComparisonRecipe recipe;
  private final ComparisonRun.Measured measured;
  private final Map<Contender, Contender.Figures> figures;
  private final Map<MemoryPair, MemoryPair.Figures> pairs;
  private final Map<String, TrainingCost> costs;
  private final StringBuilder text = new StringBuilder();

  ComparisonTables(
      ComparisonRecipe recipe,
      ComparisonRun.Measured measured,
      Map<Contender, Contender.Figures> figures,
      Map<MemoryPair, MemoryPair.Figures> pairs,
      Map<String, TrainingCost> costs) {
    this.recipe = recipe;
    this.measured = measured;
    this.figures = figures;
    this.pairs = pairs;
    this.costs = costs;
  }

  String text() {
    line("## " + recipe.host().path());
    line("");
    perplexities();
    weights();
    wrongPacks();
    neighbours();
    costs();
    missing();
    return text.toString();
  }

  private void perplexities() {
    line(
        "Perplexity on test text, and its change from the host's; windows of %d moved by %d. Mixing weights were chosen on each domain's validation text. On general text each row has the figures of %s."
            .formatted(recipe.window(), recipe.stride(), names(", ")));
    line("");
    header("", names(" | "), "general");
    row("host alone", domain -> number(hostOn(domain.test())), number(hostOn(recipe.general())));
    for (String label : rows()) {
      String general =
          recipe.domains().stream()
              .map(domain -> cell(label, domain, recipe.general(), ComparisonTables::number))
              .collect(Collectors.joining(" / "));
      row(
          label,
          domain ->
              cell(
                  label,
                  domain,
                  domain.test(),
                  found -> number(found) + change(found, hostOn(domain.test()))),
          general);
    }
    if (!pairs.isEmpty()) {
      row(
          MemoryPair.LABEL,
          domain ->
              pair(
                  domain,
                  found ->
                      number(on(domain.test(), found))
                          + change(on(domain.test(), found), hostOn(domain.test()))),
          recipe.domains().stream()
              .map(domain -> pair(domain, found -> number(on(recipe.general(), found))))
              .collect(Collectors.joining(" / ")));
    }
    line("");
  }

  private String pair(
      ComparisonRecipe.Domain domain, Function<MemoryPair.Figures, String> written) {
    return pairs.entrySet().stream()
        .filter(entry -> entry.getKey().domain().equals(domain))
        .map(entry -> written.apply(entry.getValue()))
        .findFirst()
        .orElse(NONE);
  }

  private static double on(DataFile text, MemoryPair.Figures found) {
    return requireNonNull(found.perplexity().get(text));
  }

  private void weights() {
    List<String> mixed =
        rows().stream()
            .filter(
                label ->
                    figures.entrySet().stream()
                        .anyMatch(
                            entry ->
                                entry.getKey().row().equals(label)
                                    && entry.getValue().lambda().isPresent()))
            .toList();
    if (mixed.isEmpty()) {
      return;
    }
    line("The memory's weight λ, of 0.05, 0.10, … 0.95:");
    line("");
    header("", names(" | "));
    for (String label : mixed) {
      row(
          label,
          domain ->
              find(label, domain)
                  .map(figures::get)
                  .map(found -> String.format(Locale.ROOT, "%.2f", found.lambda().orElseThrow()))
                  .orElse(NONE));
    }
    if (!pairs.isEmpty()) {
      row(
          MemoryPair.LABEL + " (from 0, together at most 1)",
          domain ->
              pair(
                  domain,
                  found ->
                      String.format(
                          Locale.ROOT,
                          "%.2f + %.2f",
                          found.weights().decoder(),
                          found.weights().mlp())));
    }
    line("");
  }

  private void wrongPacks() {
    String label = Rival.MEMORY.label();
    if (recipe.domains().stream().noneMatch(domain -> find(label, domain).isPresent())) {
      return;
    }
    line("Each pack (KL + CE) with its own λ on every text, and the change from the host:");
    line("");
    header("pack", names(" | "), "general");
    for (ComparisonRecipe.Domain pack : recipe.domains()) {
      Function<DataFile, String> on =
          file -> cell(label, pack, file, found -> number(found) + change(found, hostOn(file)));
      row(pack.name(), domain -> on.apply(domain.test()), on.apply(recipe.general()));
    }
    line("");
  }

  private void neighbours() {
    if (measured.neighbours().isEmpty()) {
      return;
    }
    line(
        "kNN-LM by number of neighbours k and temperature τ, each with its own λ in brackets; the"
            + " table above has the one that was best on validation text (*):");
    line("");
    header("k", "τ", names(" | "));
    ComparisonRecipe.Retrieval settings = recipe.retrieval();
    for (int k : settings.k()) {
      for (double temperature : settings.temperatures()) {
        row(
            k + " | " + String.format(Locale.ROOT, "%s", temperature).replaceAll("\\.0$", ""),
            domain -> neighbours(domain, k, temperature));
      }
    }
    line("");
    header(
        "datastore", "keys", "MB", "made in minutes", "queries", "searched in minutes", "recall");
    for (NeighbourRow row : measured.neighbours()) {
      NeighbourRow.Cost cost = row.cost();
      line(
          String.format(
              Locale.ROOT,
              "| %s | %,d | %,.0f | %.1f | %,d | %.1f | %.4f |",
              row.domain().name(),
              cost.keys(),
              cost.bytes() / 1e6,
              cost.datastoreSeconds() / SECONDS_PER_MINUTE,
              cost.queries(),
              cost.searchSeconds() / SECONDS_PER_MINUTE,
              cost.recall()));
    }
    line("");
  }

  private String neighbours(ComparisonRecipe.Domain domain, int k, double temperature) {
    for (NeighbourRow row : measured.neighbours()) {
      for (NeighbourRow.Setting one : row.all()) {
        if (row.domain().equals(domain) && one.k() == k && one.temperature() == temperature) {
          Contender.Figures found = one.contender().figures(measured.host());
          return String.format(
              Locale.ROOT,
              "%.2f (%.2f)%s",
              requireNonNull(found.perplexity().get(domain.test())),
              found.lambda().orElseThrow(),
              figures.containsKey(one.contender()) ? " *" : "");
        }
      }
    }
    return NONE;
  }

  private void costs() {
    line("What training took:");
    line("");
    line("| model | weights trained | tokens | minutes | neighbours before, minutes | threads |");
    line("|---|---|---|---|---|---|");
    Set<String> models = new LinkedHashSet<>();
    models.add(recipe.host().path());
    figures.keySet().forEach(one -> one.model().ifPresent(m -> models.add(m.path())));
    for (String model : models) {
      Optional<TrainingCost> cost = Optional.ofNullable(costs.get(model));
      line(
          "| %s | %s |"
              .formatted(
                  model,
                  cost.map(
                          c ->
                              String.format(
                                  Locale.ROOT,
                                  "%,d | %,d | %.1f | %s | %d",
                                  c.trainedWeights(),
                                  c.tokens(),
                                  c.trainingSeconds() / SECONDS_PER_MINUTE,
                                  c.neighbourSeconds() == 0
                                      ? NONE
                                      : String.format(
                                          Locale.ROOT,
                                          "%.1f",
                                          c.neighbourSeconds() / SECONDS_PER_MINUTE),
                                  c.threads()))
                      .orElse(String.join(" | ", NONE, NONE, NONE, NONE, NONE))));
    }
  }

  private void missing() {
    if (measured.missing().isEmpty()) {
      return;
    }
    line("");
    line("Not there yet, so left out:");
    line("");
    for (ComparisonRun.Missing one : measured.missing()) {
      line("- %s (%s, %s)".formatted(one.model(), one.rival().label(), one.domain().name()));
    }
  }

  /** The rows that a recipe asks for, in the table's order. */
  private List<String> rows() {
    var rows = new ArrayList<String>();
    if (!measured.neighbours().isEmpty()) {
      rows.add(NeighbourRow.LABEL);
    }
    for (Rival rival : Rival.values()) {
      if (recipe.domains().stream().anyMatch(domain -> rival.folder(domain).isPresent())) {
        rows.add(rival.label());
      }
    }
    return rows;
  }

  private Optional<Contender> find(String label, ComparisonRecipe.Domain domain) {
    return figures.keySet().stream()
        .filter(one -> one.row().equals(label) && one.domain().equals(domain))
        .findFirst();
  }

  private String cell(
      String label,
      ComparisonRecipe.Domain domain,
      DataFile file,
      Function<Double, String> written) {
    return find(label, domain)
        .map(figures::get)
        .map(found -> written.apply(requireNonNull(found.perplexity().get(file))))
        .orElse(NONE);
  }

  private double hostOn(DataFile file) {
    return Mixing.perplexity(requireNonNull(measured.host().get(file)));
  }

  private String names(String between) {
    return recipe.domains().stream()
        .map(ComparisonRecipe.Domain::name)
        .collect(Collectors.joining(between));
  }

  private void header(String... cells) {
    String line = "| " + String.join(" | ", cells) + " |";
    line(line);
    line("|---".repeat((int) line.chars().filter(c -> c == '|').count() - 1) + "|");
  }

  private void row(
      String label, Function<ComparisonRecipe.Domain, String> cell, String... further) {
    String cells = recipe.domains().stream().map(cell).collect(Collectors.joining(" | "));
    line("| " + label + " | " + cells + (further.length == 0 ? "" : " | " + further[0]) + " |");
  }

  private static String number(double perplexity) {
    return String.format(Locale.ROOT, "%.2f", perplexity);
  }

  private static String change(double perplexity, double before) {
    double percent = 100 * (perplexity / before - 1);
    return " (%s%s %%)"
        .formatted(percent < 0 ? "−" : "+", String.format(Locale.ROOT, "%.0f", Math.abs(percent)));
  }

  private void line(String line) {
    text.append(line).append('\n');
  }
}
