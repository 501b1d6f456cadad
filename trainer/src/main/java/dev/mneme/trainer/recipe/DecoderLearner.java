package dev.mneme.trainer.recipe;

import dev.mneme.djl.Batch;
import dev.mneme.djl.DecoderNetwork;
import dev.mneme.djl.LlamaShape;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.SafeTensorsFile;
import dev.mneme.trainer.DistillationData;
import dev.mneme.trainer.LanguageModelData;
import dev.mneme.trainer.TokenFile;
import dev.mneme.trainer.TrainingData;
import dev.mneme.trainer.text.BpeTokenizer;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Trains all weights of a decoder.
 *
 * @param decoder its shape
 * @param initial folder of the network to begin with; random weights if empty
 */
record DecoderLearner(
    DecoderRecipe recipe, LlamaShape decoder, Optional<Path> initial, boolean bfloat16)
    implements Learner<DecoderNetwork, Batch> {

  /**
   * Finds what a recipe names.
   *
   * @throws dev.mneme.MnemeException if something is missing, or has another tokenizer or a shorter
   *     context than the recipe needs
   */
  static DecoderLearner of(DecoderRecipe recipe, Workspace workspace, boolean bfloat16) {
    Path work = workspace.work();
    BpeTokenizer tokenizer = NetworkParts.tokenizerIn(recipe.tokenizer().in(work));
    Optional<Path> initial = recipe.initial().map(folder -> folder.in(work));
    LlamaShape shape =
        initial
            .map(folder -> NetworkParts.shapeOf(folder, tokenizer, "initial"))
            .orElseGet(() -> recipe.shape().orElseThrow().of(tokenizer.size()));
    initial.ifPresent(
        folder ->
            NetworkParts.requireContext(
                shape, recipe.batches().length(), "batches.length", folder));
    if (recipe instanceof MemoryRecipe memory) {
      NetworkParts.teacher(memory, work, tokenizer);
    }
    return new DecoderLearner(recipe, shape, initial, bfloat16);
  }

  @Override
  public DecoderNetwork begin() {
    return initial
        .map(folder -> DecoderNetwork.open(folder, bfloat16))
        .orElseGet(() -> DecoderNetwork.random(decoder, recipe.initialSeed(), bfloat16));
  }

  @Override
  public DecoderNetwork read(SafeTensorsFile checkpoint) {
    return DecoderNetwork.of(decoder, checkpoint, bfloat16);
  }

  @Override
  public String shape() {
    return decoder.toString();
  }

  @Override
  public String origin() {
    return initial
        .map(folder -> "beginning with " + Digests.sha256(folder.resolve(NetworkParts.WEIGHTS)))
        .orElse(NetworkParts.randomOrigin(recipe));
  }

  @Override
  public long parameters() {
    return decoder.parameters();
  }

  @Override
  public int length() {
    return recipe.batches().length();
  }

  @Override
  public int sequences() {
    return recipe.batches().sequences();
  }

  @Override
  public TrainingData<Batch> data(TokenFile tokens, MemoryTargets targets) {
    NetworkSettings.Batches batches = recipe.batches();
    if (targets.sparse().isPresent() && recipe instanceof MemoryRecipe memory) {
      return new DistillationData(
              tokens,
              targets.sparse().get(),
              memory.beta(),
              batches.length(),
              batches.sequences(),
              batches.seed())
          .withOrigin(targets.digest());
    }
    return new LanguageModelData(tokens, batches.length(), batches.sequences(), batches.seed());
  }

  @Override
  public double loss(DecoderNetwork network, LanguageModelData text, int batches) {
    return Learner.mean(batches, i -> network.losses(text.batch(i)));
  }

  @Override
  public void save(DecoderNetwork network, Path directory, int beginAndEnd) {
    network.save(directory, Dtype.F16, beginAndEnd);
  }
}
