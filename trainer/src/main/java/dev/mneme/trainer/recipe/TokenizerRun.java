package dev.mneme.trainer.recipe;

import dev.mneme.trainer.StageManifest;
import dev.mneme.trainer.text.BpeTokenizer;
import dev.mneme.trainer.text.BpeTrainer;
import java.nio.file.Files;
import java.nio.file.Path;

/** Runs the stages of a {@link TokenizerRecipe}. Used once. */
final class TokenizerRun {

  private static final int VERSION = 1;
  static final int STAGES = 2;

  private final TokenizerRecipe recipe;
  private final Workspace workspace;

  TokenizerRun(TokenizerRecipe recipe, Workspace workspace) {
    this.recipe = recipe;
    this.workspace = workspace;
  }

  void run(boolean force, Stages stages) {
    var check = new CheckCorpora(recipe, workspace);
    CheckCorpora.Amount amount =
        stages.run("check", "documents", check.output(), meter -> check.run(force, meter));
    Path stage = workspace.training().resolve("tokenizer");
    stages.run("tokenizer", "documents", stage, meter -> learn(stage, amount, meter));
  }

  private BpeTokenizer learn(Path stage, CheckCorpora.Amount amount, Stages.Meter meter) {
    var manifest = new StageManifest("tokenizer", VERSION);
    manifest.input(StageManifest.fileOf(workspace.training().resolve("check")));
    manifest.settings().put("vocabulary", recipe.vocabulary()).put("fewest", recipe.fewest());
    Path file = workspace.output().resolve("tokenizer.json");
    if (manifest.isIn(StageManifest.fileOf(stage)) && Files.exists(file)) {
      BpeTokenizer found = BpeTokenizer.read(file);
      if (found.digest().equals(Workspace.manifest(stage).at("/results/sha256").asText())) {
        return found;
      }
    }
    long[] read = {0};
    try (var documents =
        new Documents(
            workspace.corpora(recipe.corpora()),
            document -> meter.at(++read[0], amount.documents()))) {
      var settings = new BpeTrainer.Settings(recipe.vocabulary(), recipe.fewest());
      BpeTokenizer tokenizer = BpeTrainer.train(documents.stream(), settings);
      tokenizer.write(workspace.output());
      var results = manifest.results();
      results.put("entries", tokenizer.size()).put("sha256", tokenizer.digest());
      manifest.write(stage, results);
      return tokenizer;
    }
  }
}
