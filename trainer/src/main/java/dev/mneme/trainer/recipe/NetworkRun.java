package dev.mneme.trainer.recipe;

import dev.mneme.MnemeException;
import dev.mneme.djl.Examples;
import dev.mneme.djl.Processor;
import dev.mneme.djl.TrainableNetwork;
import dev.mneme.trainer.LanguageModelData;
import dev.mneme.trainer.StageManifest;
import dev.mneme.trainer.TokenFile;
import dev.mneme.trainer.Tokenize;
import dev.mneme.trainer.Training;
import dev.mneme.trainer.TrainingCurve;
import dev.mneme.trainer.TrainingData;
import dev.mneme.trainer.text.BpeTokenizer;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the stages of a {@link NetworkRecipe}. Used once. */
final class NetworkRun {

  private static final Logger log = LoggerFactory.getLogger(NetworkRun.class);

  private static final int VERSION = 1;
  private static final long VALIDATION_SEED = 1;
  private static final int STAGES = 4;

  private final NetworkRecipe recipe;
  private final Workspace workspace;
  private final Stages stages;
  private final TokenStage tokens;
  private final boolean bfloat16;
  private final int threads;

  /**
   * A run.
   *
   * @param threads 0 for what the recipe says
   */
  NetworkRun(NetworkRecipe recipe, Workspace workspace, int threads, RunListener listener) {
    this.recipe = recipe;
    this.workspace = workspace;
    this.stages = new Stages(stages(recipe), listener);
    this.tokens = new TokenStage(workspace, recipe.tokenizer(), stages);
    this.bfloat16 = recipe.compute().bfloat16().onThisProcessor();
    int wanted = threads > 0 ? threads : recipe.compute().threads();
    this.threads = wanted > 0 ? wanted : Runtime.getRuntime().availableProcessors();
  }

  private static int stages(NetworkRecipe recipe) {
    return STAGES + (recipe.validation().isEmpty() ? 0 : 1) + MemoryTargets.stages(recipe);
  }

  boolean bfloat16() {
    return bfloat16;
  }

  int threads() {
    return threads;
  }

  /** The stages with what they took. */
  List<Stages.Done> done() {
    return stages.done();
  }

  TrainingCurve run(boolean force) {
    try (Learner<?, ?> learner = Learner.of(recipe, workspace, bfloat16)) {
      return run(force, learner);
    }
  }

  private <N extends TrainableNetwork<B>, B extends Examples> TrainingCurve run(
      boolean force, Learner<N, B> learner) {
    BpeTokenizer tokenizer = NetworkParts.tokenizerIn(recipe.tokenizer().in(workspace.work()));
    requireFreeName();
    var check = new CheckCorpora(recipe, workspace);
    CheckCorpora.Amount amount =
        stages.run("check", "documents", check.output(), meter -> check.run(force, meter));
    Processor.useThreads(threads);
    try (TokenFile text =
            tokens.run(
                "tokenize",
                recipe.corpora(),
                amount.characters(),
                Tokenize.DEFAULT_FEWEST_CHARACTERS);
        var validation = validation(learner);
        var targets =
            MemoryTargets.of(recipe, workspace, text, tokenizer.size(), bfloat16, stages)) {
      TrainingData<B> data = learner.data(text, targets).withOrigin(learner.origin());
      Training.Trained<N> trained =
          stages.run(
              "train",
              "steps",
              workspace.checkpoint(),
              meter -> train(learner, data, validation, meter));
      try (N network = trained.network()) {
        var export = new Export(recipe, workspace);
        stages.run(
            "export",
            "files",
            export.stage(),
            meter -> export.run(folder -> learner.save(network, folder, tokenizer.beginId())));
        return trained.curve();
      }
    }
  }

  /** Before hours of work: the output's folder is free, or an earlier run of this made it. */
  private void requireFreeName() {
    if (Files.exists(workspace.output()) && !Files.exists(workspace.checkpoint())) {
      throw new MnemeException(
          "%s exists and no run of this recipe made it; remove it or rename the recipe"
              .formatted(workspace.output()));
    }
  }

  /** Mean -log p on the validation text. Owns its token file. */
  private record Validation<N>(@Nullable TokenFile tokens, ToDoubleFunction<N> loss)
      implements AutoCloseable {
    @Override
    public void close() {
      if (tokens != null) {
        tokens.close();
      }
    }
  }

  private <N extends TrainableNetwork<B>, B extends Examples> Validation<N> validation(
      Learner<N, B> learner) {
    if (recipe.validation().isEmpty()) {
      return new Validation<>(null, network -> Double.NaN);
    }
    TokenFile text = tokens.run("tokenize validation", recipe.validation(), 0, 1);
    long windows = (text.size() - 1) / learner.length();
    int sequences = Math.clamp(windows, 1, learner.sequences());
    int batches = Math.clamp(windows / sequences, 1, recipe.compute().validationBatches());
    var data = new LanguageModelData(text, learner.length(), sequences, VALIDATION_SEED);
    return new Validation<>(text, network -> learner.loss(network, data, batches));
  }

  private <N extends TrainableNetwork<B>, B extends Examples> Training.Trained<N> train(
      Learner<N, B> learner, TrainingData<B> data, Validation<N> validation, Stages.Meter meter) {
    NetworkSettings.Compute compute = recipe.compute();
    var training =
        new Training(
            recipe.rate().rate(),
            recipe.optimiser().settings(),
            workspace.checkpoint(),
            Duration.ofMillis((long) (compute.checkpointMinutes() * 60_000)),
            compute.pointEvery(),
            threads);
    Training.Trained<N> trained =
        training.run(
            learner,
            data,
            validation.loss(),
            (step, steps, tokens, result) -> {
              String note = "loss %.3f".formatted(result.loss());
              if (step % compute.pointEvery() == 0) {
                log.info("{}: step {} of {}, {}", recipe.name(), step, steps, note);
              }
              meter.at(step, steps, note);
            });
    var manifest = new StageManifest("training", VERSION);
    manifest.settings().put("data", data.digest()).put("shape", learner.shape());
    manifest.settings().put("rate", RecipeJson.node(recipe.rate()).toString());
    manifest.settings().put("optimiser", RecipeJson.node(recipe.optimiser()).toString());
    learner.changes().ifPresent(lora -> manifest.settings().put("lora", lora.toString()));
    TrainingCurve.Point last = trained.curve().points().getLast();
    manifest.write(
        workspace.checkpoint(),
        manifest
            .results()
            .put("steps", last.step())
            .put("tokens", last.tokens())
            .put("seconds", last.seconds())
            .put("weights", learner.parameters())
            .put("trainedWeights", trained.weights()));
    return trained;
  }
}
