package dev.mneme.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mneme.trainer.recipe.Recipe;
import dev.mneme.trainer.recipe.RecipeHelp;
import dev.mneme.trainer.recipe.RecipeRun;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs a recipe: from corpora to a tokenizer, a model, a memory pack or a comparison of them. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    description = {
      "Runs a recipe: from text files to a tokenizer, a language model or a memory pack, or to a"
          + " table that compares what other recipes made.",
      "It may be stopped at any moment; the same command goes on where it was. What the recipe"
          + " makes appears as WORK/NAME, its report and curves in WORK/NAME.training."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
final class TrainCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "RECIPE.json", description = "The recipe; its settings are below.")
  private Path recipe;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "Folder that the recipe's corpora lie in. It is only read.")
  private Path data;

  @Option(
      names = "--work",
      required = true,
      paramLabel = "DIR",
      description = "Folder for everything made; other recipes' outputs are looked for here.")
  private Path work;

  @Option(
      names = "--threads",
      defaultValue = "0",
      paramLabel = "N",
      description = "Processor threads. Default: what the recipe says.")
  private int threads;

  @Option(names = "--force", description = "Train although a corpus contains the evaluation text.")
  private boolean force;

  @Option(names = "--json", description = "Print the report instead of a summary.")
  private boolean json;

  /** Puts the settings of recipes behind the options; they are looked up only when asked for. */
  static void describeRecipes(CommandLine train) {
    train
        .getHelpSectionMap()
        .put(
            UsageMessageSpec.SECTION_KEY_FOOTER,
            help -> "\nSettings of a recipe (JSON), by its kind:\n" + RecipeHelp.text());
  }

  @Override
  public Integer call() {
    OptionRange.atLeast("--threads", threads, 0, "0 takes what the recipe says");
    PrintWriter out = spec.commandLine().getOut();
    RecipeRun.Result result;
    try (var bars = new StageBars()) {
      result = new RecipeRun(data, work, threads, force).run(Recipe.read(recipe), bars);
    }
    if (json) {
      out.println(result.json().toPrettyString());
    } else {
      print(result, out);
    }
    out.flush();
    return 0;
  }

  private static void print(RecipeRun.Result result, PrintWriter out) {
    JsonNode report = result.json();
    for (JsonNode missing : report.path("missing")) {
      out.printf(
          "not there yet        %s; its place in the table is empty until its recipe has run%n",
          missing.path("model").asText());
    }
    for (JsonNode stage : report.path("stages")) {
      out.printf(
          Locale.ROOT,
          "%-20s %10.1f s%n",
          stage.path("stage").asText(),
          stage.path("seconds").asDouble());
    }
    printFigure(out, report, "tokensPerSecond", "training speed", "%.0f tokens a second");
    printFigure(out, report, "recall", "neighbours found", "%.4f of the exact ones");
    printFigure(out, report, "keptMass", "target mass kept", "%.4f");
    printFigure(out, report, "validationPerplexity", "validation", "perplexity %.3f");
    out.printf("%nmade   %s%nreport %s%n", result.output(), result.report());
  }

  private static void printFigure(
      PrintWriter out, JsonNode report, String field, String name, String format) {
    if (report.path(field).isNumber()) {
      String figure = String.format(Locale.ROOT, format, report.path(field).asDouble());
      out.printf("%-20s %s%n", name, figure);
    }
  }
}
