package dev.mneme.trainer.recipe;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.trainer.files.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.DoubleStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a comparison found, in the work folder under the recipe's name: {@code results.json} with
 * every figure and digest, {@code results.md} with the tables, {@code lambda.png}. Used once.
 */
final class ComparisonReport {

  private static final Logger log = LoggerFactory.getLogger(ComparisonReport.class);

  private final ComparisonRecipe recipe;
  private final Workspace workspace;
  private final ComparisonRun.Measured measured;
  private final Map<Contender, Contender.Figures> figures = new LinkedHashMap<>();
  private final Map<MemoryPair, MemoryPair.Figures> pairs = new LinkedHashMap<>();
  private final Map<String, TrainingCost> costs = new LinkedHashMap<>();
  private final ObjectNode json;

  ComparisonReport(
      ComparisonRecipe recipe, Workspace workspace, ComparisonRun.Measured measured, int threads) {
    this.recipe = recipe;
    this.workspace = workspace;
    this.measured = measured;
    for (NeighbourRow row : measured.neighbours()) {
      Contender best = row.best(measured.host()).contender();
      figures.put(best, best.figures(measured.host()));
    }
    for (Contender one : measured.contenders()) {
      figures.put(one, one.figures(measured.host()));
    }
    for (MemoryPair pair : MemoryPair.of(measured.contenders())) {
      pairs.put(pair, pair.figures(measured.host()));
    }
    for (String model : models()) {
      TrainingCost.of(workspace.work(), model).ifPresent(cost -> costs.put(model, cost));
    }
    json = TrainingReport.head(recipe);
    json.withObject("/machine").put("threads", threads);
    addTexts();
    addModels();
    addResults();
    addNeighbours();
    addSweeps();
    addMissing();
  }

  private Set<String> models() {
    var models = new LinkedHashSet<String>();
    models.add(recipe.host().path());
    measured.contenders().forEach(one -> one.model().ifPresent(m -> models.add(m.path())));
    return models;
  }

  private void addTexts() {
    ArrayNode texts = json.putArray("texts");
    measured
        .host()
        .forEach(
            (text, scores) ->
                texts
                    .addObject()
                    .put("file", text.path())
                    .put("sha256", Digests.sha256(text.in(workspace.data())))
                    .put("documents", requireNonNull(measured.documents().get(text)))
                    .put("tokens", scores.length));
  }

  private void addModels() {
    ArrayNode models = json.putArray("models");
    for (String model : models()) {
      Path weights = workspace.work().resolve(model).resolve(NetworkParts.WEIGHTS);
      ObjectNode node = models.addObject().put("model", model);
      node.put("sha256", Digests.sha256(weights));
      Optional.ofNullable(costs.get(model))
          .ifPresent(
              cost ->
                  node.put("trainedWeights", cost.trainedWeights())
                      .put("trainingTokens", cost.tokens())
                      .put("trainingSeconds", cost.trainingSeconds())
                      .put("neighbourSeconds", cost.neighbourSeconds())
                      .put("trainingThreads", cost.threads()));
    }
  }

  private void addResults() {
    ArrayNode results = json.putArray("results");
    ObjectNode alone = results.addObject().put("row", "host").put("model", recipe.host().path());
    ObjectNode of = alone.putObject("perplexity");
    measured.host().forEach((text, scores) -> of.put(text.path(), Mixing.perplexity(scores)));
    figures.forEach(
        (one, found) -> {
          ObjectNode node = results.addObject().put("row", one.key());
          node.put("domain", one.domain().name());
          one.model().ifPresent(model -> node.put("model", model.path()));
          found.lambda().ifPresent(lambda -> node.put("lambda", lambda));
          ObjectNode perplexity = node.putObject("perplexity");
          found.perplexity().forEach((text, value) -> perplexity.put(text.path(), value));
        });
    pairs.forEach(
        (pair, found) -> {
          ObjectNode node = results.addObject().put("row", MemoryPair.KEY);
          node.put("domain", pair.domain().name());
          node.put("lambda", found.weights().decoder());
          node.put("lambdaOfMlpMemory", found.weights().mlp());
          ObjectNode perplexity = node.putObject("perplexity");
          found.perplexity().forEach((text, value) -> perplexity.put(text.path(), value));
        });
  }

  private void addNeighbours() {
    ArrayNode neighbours = json.putArray("neighbours");
    for (NeighbourRow row : measured.neighbours()) {
      ObjectNode node = neighbours.addObject().put("domain", row.domain().name());
      NeighbourRow.Cost cost = row.cost();
      node.put("keys", cost.keys()).put("bytes", cost.bytes());
      node.put("datastoreSeconds", cost.datastoreSeconds()).put("queries", cost.queries());
      node.put("searchSeconds", cost.searchSeconds()).put("recall", cost.recall());
      NeighbourRow.Setting best = row.best(measured.host());
      node.put("k", best.k()).put("temperature", best.temperature());
      ArrayNode settings = node.putArray("settings");
      for (NeighbourRow.Setting setting : row.all()) {
        Contender.Figures found = setting.contender().figures(measured.host());
        ObjectNode one = settings.addObject().put("k", setting.k());
        one.put("temperature", setting.temperature());
        one.put("lambda", found.lambda().orElseThrow());
        ObjectNode perplexity = one.putObject("perplexity");
        found.perplexity().forEach((text, value) -> perplexity.put(text.path(), value));
      }
    }
  }

  /** Every weight on every text; the table's weights were chosen on validation text alone. */
  private void addSweeps() {
    ArrayNode sweeps = json.putArray("sweeps");
    for (Contender one : figures.keySet()) {
      if (!one.mixed()) {
        continue;
      }
      for (DataFile text : one.scores().keySet()) {
        ObjectNode node = sweeps.addObject().put("row", one.key());
        node.put("domain", one.domain().name()).put("text", text.path());
        Mixing mixing = one.on(text, measured.host());
        ArrayNode points = node.putArray("points");
        DoubleStream.of(LambdaChart.weights())
            .forEach(
                lambda ->
                    points
                        .addObject()
                        .put("lambda", lambda)
                        .put("perplexity", mixing.perplexity(lambda)));
      }
    }
  }

  private void addMissing() {
    ArrayNode missing = json.putArray("missing");
    for (ComparisonRun.Missing one : measured.missing()) {
      missing
          .addObject()
          .put("row", one.rival().key())
          .put("domain", one.domain().name())
          .put("model", one.model());
    }
  }

  /**
   * Writes the files.
   *
   * @throws MnemeException if one cannot be written
   */
  Path write() {
    Path folder = workspace.output();
    Path file = folder.resolve("results.json");
    try {
      Files.createDirectories(folder);
      TrainingReport.write(file, json);
      String tables = new ComparisonTables(recipe, measured, figures, pairs, costs).text();
      AtomicFile.write(folder.resolve("results.md"), tables.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new MnemeException(
          "cannot write into %s: %s; check the folder and the free space"
              .formatted(folder, FailureText.of(e)),
          e);
    }
    draw(folder.resolve("lambda.png"));
    return file;
  }

  private void draw(Path file) {
    List<LambdaChart.Line> lines =
        measured.contenders().stream()
            .filter(one -> one.key().equals(Rival.MEMORY.key()))
            .map(
                one ->
                    new LambdaChart.Line(
                        one.domain().name(),
                        one.on(one.domain().test(), measured.host()),
                        one.on(recipe.general(), measured.host())))
            .toList();
    if (lines.isEmpty()) {
      return;
    }
    try {
      LambdaChart.write(recipe.host().path(), lines, file);
    } catch (IOException | RuntimeException | LinkageError e) {
      // Java draws text with the system's font library, which bare machines lack.
      log.warn("{} could not be drawn ({}); results.json has the same points", file, e.toString());
    }
  }

  ObjectNode json() {
    return json;
  }
}
