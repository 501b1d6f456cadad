package dev.mneme.trainer.recipe;

import dev.mneme.MnemeException;
import dev.mneme.djl.DecoderNetwork;
import dev.mneme.djl.DecoderShape;
import dev.mneme.djl.LowRank;
import dev.mneme.djl.Processor;
import dev.mneme.trainer.DistillationData;
import dev.mneme.trainer.LanguageModelData;
import dev.mneme.trainer.StageManifest;
import dev.mneme.trainer.TokenFile;
import dev.mneme.trainer.Tokenize;
import dev.mneme.trainer.Training;
import dev.mneme.trainer.TrainingCurve;
import dev.mneme.trainer.TrainingData;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
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
    return STAGES
        + (recipe.validation().isEmpty() ? 0 : 1)
        + (recipe instanceof MemoryDecoderRecipe memory && memory.beta() > 0 ? 2 : 0);
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
    var parts = NetworkParts.of(recipe, workspace);
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
        var validation = validation();
        var targets = MemoryTargets.of(recipe, workspace, text, parts, bfloat16, stages)) {
      TrainingData data = data(text, targets);
      Training training = training(parts.shape());
      Path output = workspace.checkpoint();
      Training.Trained trained =
          stages.run(
              "train", "steps", output, meter -> train(training, parts, data, validation, meter));
      try (DecoderNetwork network = trained.network()) {
        var export = new Export(recipe, workspace, parts.tokenizer());
        stages.run("export", "files", export.stage(), meter -> export.run(network));
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
  private record Validation(@Nullable TokenFile tokens, ToDoubleFunction<DecoderNetwork> loss)
      implements AutoCloseable {
    @Override
    public void close() {
      if (tokens != null) {
        tokens.close();
      }
    }
  }

  private Validation validation() {
    if (recipe.validation().isEmpty()) {
      return new Validation(null, network -> Double.NaN);
    }
    TokenFile text = tokens.run("tokenize validation", recipe.validation(), 0, 1);
    int length = recipe.batches().length();
    long windows = (text.size() - 1) / length;
    int sequences = Math.clamp(windows, 1, recipe.batches().sequences());
    int batches = Math.clamp(windows / sequences, 1, recipe.compute().validationBatches());
    var data = new LanguageModelData(text, length, sequences, VALIDATION_SEED);
    return new Validation(
        text,
        network -> {
          double sum = 0;
          long count = 0;
          for (int i = 0; i < batches; i++) {
            for (float loss : network.losses(data.batch(i))) {
              sum += loss;
              count++;
            }
          }
          return sum / count;
        });
  }

  private TrainingData data(TokenFile tokens, MemoryTargets targets) {
    NetworkSettings.Batches batches = recipe.batches();
    return targets
        .sparse()
        .<TrainingData>map(
            sparse ->
                new DistillationData(
                    tokens,
                    sparse,
                    ((MemoryDecoderRecipe) recipe).beta(),
                    batches.length(),
                    batches.sequences(),
                    batches.seed()))
        .map(data -> data.withOrigin(targets.digest()))
        .orElseGet(
            () ->
                new LanguageModelData(
                    tokens, batches.length(), batches.sequences(), batches.seed()));
  }

  private Training training(DecoderShape shape) {
    NetworkSettings.Compute compute = recipe.compute();
    Optional<LowRank> lowRank =
        recipe instanceof LanguageModelRecipe model
            ? model.lora().map(NetworkSettings.Lora::lowRank)
            : Optional.empty();
    return new Training(
        shape,
        lowRank,
        recipe.rate().rate(),
        recipe.optimiser().settings(),
        workspace.checkpoint(),
        Duration.ofMillis((long) (compute.checkpointMinutes() * 60_000)),
        compute.pointEvery(),
        threads,
        bfloat16);
  }

  private Training.Trained train(
      Training training,
      NetworkParts parts,
      TrainingData data,
      Validation validation,
      Stages.Meter meter) {
    Supplier<DecoderNetwork> initial = () -> parts.begin(bfloat16);
    TrainingData named = data.withOrigin(parts.origin());
    long every = recipe.compute().pointEvery();
    Training.Trained trained =
        training.run(
            initial,
            named,
            validation.loss(),
            (step, steps, tokens, result) -> {
              String note = "loss %.3f".formatted(result.loss());
              if (step % every == 0) {
                log.info("{}: step {} of {}, {}", recipe.name(), step, steps, note);
              }
              meter.at(step, steps, note);
            });
    var manifest = new StageManifest("training", VERSION);
    manifest.settings().put("data", named.digest()).put("shape", parts.shape().toString());
    manifest.settings().put("rate", RecipeJson.node(recipe.rate()).toString());
    manifest.settings().put("optimiser", RecipeJson.node(recipe.optimiser()).toString());
    training.lowRank().ifPresent(lora -> manifest.settings().put("lora", lora.toString()));
    TrainingCurve.Point last = trained.curve().points().getLast();
    manifest.write(
        workspace.checkpoint(),
        manifest
            .results()
            .put("steps", last.step())
            .put("tokens", last.tokens())
            .put("seconds", last.seconds())
            .put("weights", parts.shape().parameters())
            .put("trainedWeights", trained.weights()));
    return trained;
  }
}
