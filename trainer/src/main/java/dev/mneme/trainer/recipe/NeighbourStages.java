package dev.mneme.trainer.recipe;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.trainer.Datastore;
import dev.mneme.trainer.KeySearch;
import dev.mneme.trainer.ScoreNeighbours;
import dev.mneme.trainer.TokenFile;
import dev.mneme.trainer.Tokenize;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The stages of kNN-LM in a comparison: the domain's documents as tokens, the host's keys of them,
 * the neighbours of the test text. Once the neighbours are scored the keys may be deleted.
 */
record NeighbourStages(ComparisonRecipe recipe, Workspace workspace, Stages stages) {

  /** Stages of a domain. */
  static final int COUNT = 3;

  /**
   * Measures a domain.
   *
   * @param texts the comparison's texts, the domain's and the general among them
   */
  NeighbourRow run(ComparisonRecipe.Domain domain, Map<DataFile, TokenFile> texts) {
    var tokenStage = new TokenStage(workspace, recipe.tokenizer(), stages);
    try (TokenFile documents =
        tokenStage.run(
            "tokenize " + domain.name(), domain.corpora(), 0, Tokenize.DEFAULT_FEWEST_CHARACTERS)) {
      List<DataFile> files = List.of(domain.valid(), domain.test(), recipe.general());
      List<TokenFile> open = files.stream().map(file -> requireNonNull(texts.get(file))).toList();
      return measure(domain, files, open, documents);
    }
  }

  private NeighbourRow measure(
      ComparisonRecipe.Domain domain,
      List<DataFile> files,
      List<TokenFile> texts,
      TokenFile documents) {
    ComparisonRecipe.Retrieval settings = recipe.retrieval();
    var datastore =
        new DatastoreStage(
            workspace,
            documents,
            recipe.host(),
            settings.datastore(),
            settings.bfloat16().onThisProcessor());
    ObjectNode key = datastore.key();
    files.forEach(file -> key.withArray("/texts").add(file.path()));
    key.put("window", recipe.window()).put("stride", recipe.stride());
    key.set("retrieval", RecipeJson.node(settings));
    Path output = workspace.shared("neighbour-scores", key);
    var scoring = scoring(texts, documents, output, datastore.bfloat16());
    Optional<ScoreNeighbours.Scores> kept = scoring.kept();
    ScoreNeighbours.Scores scores =
        kept.isPresent() ? kept.get() : search(domain, datastore, scoring, output);
    NeighbourRow.Cost cost =
        NeighbourRow.Cost.of(
            Workspace.manifest(output),
            datastore.width(),
            Stages.seconds(datastore.output()),
            Stages.seconds(output));
    return new NeighbourRow(domain, settings(domain, files, scores), cost);
  }

  private ScoreNeighbours scoring(
      List<TokenFile> texts, TokenFile documents, Path output, boolean bfloat16) {
    ComparisonRecipe.Retrieval settings = recipe.retrieval();
    return new ScoreNeighbours(
        texts,
        documents,
        recipe.host().in(workspace.work()),
        output,
        recipe.window(),
        recipe.stride(),
        settings.k(),
        settings.temperatures(),
        new KeySearch.Settings(settings.lists(), settings.probes(), settings.seed(), bfloat16),
        settings.recallSample(),
        bfloat16);
  }

  private ScoreNeighbours.Scores search(
      ComparisonRecipe.Domain domain,
      DatastoreStage datastore,
      ScoreNeighbours scoring,
      Path output) {
    try (Datastore store = datastore.run(stages)) {
      return stages.run(
          "neighbours of " + domain.name(),
          "tokens",
          output,
          meter -> {
            DatastoreStage.requireSpace(output, datastore.bytes(), "the sorted keys");
            meter.at(0, 0, "sorting keys");
            return scoring.run(store, meter);
          });
    }
  }

  private List<NeighbourRow.Setting> settings(
      ComparisonRecipe.Domain domain, List<DataFile> files, ScoreNeighbours.Scores scores) {
    ComparisonRecipe.Retrieval settings = recipe.retrieval();
    var all = new ArrayList<NeighbourRow.Setting>();
    for (int k = 0; k < settings.k().size(); k++) {
      for (int t = 0; t < settings.temperatures().size(); t++) {
        var each = new LinkedHashMap<DataFile, float[]>();
        for (int i = 0; i < files.size(); i++) {
          each.put(files.get(i), scores.of(i, k, t));
        }
        var contender =
            new Contender(
                NeighbourRow.LABEL,
                NeighbourRow.KEY,
                domain,
                Optional.empty(),
                /* mixed= */ true,
                each);
        all.add(
            new NeighbourRow.Setting(
                settings.k().get(k), settings.temperatures().get(t), contender));
      }
    }
    return all;
  }
}
