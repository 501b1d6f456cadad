package dev.mneme.trainer.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mneme.MnemeException;
import dev.mneme.trainer.StageManifest;
import dev.mneme.trainer.text.Corpus;
import dev.mneme.trainer.text.Document;
import dev.mneme.trainer.text.ShingleCheck;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Before anything else: every file can be read, there is text, and it does not contain the text it
 * will be measured on. Passed once it is not done again until a file or a setting changes.
 */
final class CheckCorpora {

  private static final int VERSION = 1;

  /**
   * How much text there is.
   *
   * @param characters UTF-16 units, as the tokenizing stage counts them
   */
  record Amount(long documents, long characters) {}

  private final TrainingRecipe recipe;
  private final Workspace workspace;
  private final List<Corpus> training;
  private final List<Corpus> heldOut;
  private long documents;
  private long characters;

  CheckCorpora(TrainingRecipe recipe, Workspace workspace) {
    this.recipe = recipe;
    this.workspace = workspace;
    this.training = workspace.corpora(recipe.corpora());
    var all = new ArrayList<Corpus>();
    recipe.evaluation().forEach(file -> all.add(Corpus.of(file.in(workspace.data()))));
    if (recipe instanceof NetworkRecipe network) {
      all.addAll(workspace.corpora(network.validation()));
    }
    this.heldOut = List.copyOf(all);
  }

  Path output() {
    return workspace.training().resolve("check");
  }

  /**
   * Checks, unless that was done.
   *
   * @param force warn of evaluation text instead of refusing it
   * @throws MnemeException if a corpus is empty or holds evaluation text
   */
  Amount run(boolean force, Stages.Meter meter) {
    var manifest = new StageManifest("check", VERSION);
    training.forEach(corpus -> corpus.files().forEach(file -> input(manifest, file)));
    heldOut.forEach(corpus -> corpus.files().forEach(file -> input(manifest, file)));
    ShingleCheck.Settings settings = ShingleCheck.Settings.defaults();
    manifest
        .settings()
        .put("words", settings.words())
        .put("limit", settings.limit())
        .set("corpora", RecipeJson.node(recipe.corpora()));
    Path file = StageManifest.fileOf(output());
    if (manifest.isIn(file)) {
      JsonNode before = Workspace.manifest(output()).path("results");
      if (before.path("contained").asInt(-1) == 0) {
        return new Amount(before.path("documents").asLong(), before.path("characters").asLong());
      }
    }
    training.forEach(corpus -> corpus.requireAtLeast(1, 1, "training"));
    ShingleCheck.Report report = compare(settings, meter);
    report.requireApart(force);
    var results = manifest.results();
    results.put("documents", documents).put("characters", characters);
    results.put("evaluationDocuments", report.overlaps().size());
    results.put("contained", report.contained().size());
    manifest.write(output(), results);
    return new Amount(documents, characters);
  }

  private ShingleCheck.Report compare(ShingleCheck.Settings settings, Stages.Meter meter) {
    try (var text = new Documents(training, document -> count(document, meter));
        var held = new Documents(heldOut, document -> {})) {
      return ShingleCheck.compare(text.stream(), held.stream(), settings);
    }
  }

  private void count(Document document, Stages.Meter meter) {
    documents++;
    characters += document.text().length();
    meter.at(documents, 0);
  }

  private static void input(StageManifest manifest, Path file) {
    if (!Files.isRegularFile(file)) {
      throw new MnemeException(
          "no such corpus file: %s; is --data the folder that the recipe's files lie in?"
              .formatted(file));
    }
    manifest.input(file);
  }
}
