package dev.mneme.trainer.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mneme.MnemeException;
import dev.mneme.trainer.TrainingCurve;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Runs a recipe from its corpora to its output and report. Every stage goes on where an earlier run
 * was interrupted, at whatever moment, and does nothing where its output is there already.
 *
 * @param data folder that the recipe's corpora lie in; only read
 * @param work folder for everything made; other recipes' outputs are looked for here
 * @param threads processor threads for one operation; 0 for what the recipe says
 * @param force train although a corpus contains evaluation text
 */
public record RecipeRun(Path data, Path work, int threads, boolean force) {

  /**
   * What a run left.
   *
   * @param output the tokenizer, model directory or pack, or the folder with the tables
   * @param report its {@code report.json} or {@code results.json}; a chart lies beside it
   * @param json what the report says
   */
  public record Result(Path output, Path report, JsonNode json) {}

  /**
   * Runs a recipe to the end.
   *
   * @param listener told how far it has come; may throw to interrupt the run
   * @throws MnemeException if something is missing, broken or does not fit; what is done is kept
   */
  public Result run(Recipe recipe, RunListener listener) {
    if (!Files.isDirectory(data)) {
      throw new MnemeException("no such data folder: " + data);
    }
    var workspace = new Workspace(data, work, recipe.name());
    workspace.removeLeft();
    Result result =
        switch (recipe) {
          case TrainingRecipe training -> train(training, workspace, listener);
          case ComparisonRecipe comparison -> compare(comparison, workspace, listener);
        };
    workspace.removeLeft();
    return result;
  }

  private Result compare(ComparisonRecipe recipe, Workspace workspace, RunListener listener) {
    var run = new ComparisonRun(recipe, workspace, threads, listener);
    var report = new ComparisonReport(recipe, workspace, run.run(), run.threads());
    return new Result(workspace.output(), report.write(), report.json());
  }

  private Result train(TrainingRecipe recipe, Workspace workspace, RunListener listener) {
    var report = new TrainingReport(recipe, workspace);
    switch (recipe) {
      case TokenizerRecipe tokenizer -> {
        var stages = new Stages(TokenizerRun.STAGES, listener);
        new TokenizerRun(tokenizer, workspace).run(force, stages);
        report.addStages(stages.done());
      }
      case NetworkRecipe network -> {
        var run = new NetworkRun(network, workspace, threads, listener);
        TrainingCurve curve = run.run(force);
        List<Stages.Done> done = run.done();
        report.addCompute(run.threads(), run.bfloat16());
        report.addStages(done);
        report.addCurve(curve);
      }
    }
    return new Result(workspace.output(), report.write(), report.json());
  }
}
