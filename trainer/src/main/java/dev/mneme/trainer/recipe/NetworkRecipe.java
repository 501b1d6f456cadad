package dev.mneme.trainer.recipe;

import com.google.common.base.Preconditions;
import java.util.List;
import java.util.Optional;

/** A recipe that trains a network. */
public sealed interface NetworkRecipe extends TrainingRecipe
    permits LanguageModelRecipe, MemoryDecoderRecipe {

  /** Folder with {@code tokenizer.json}. */
  MadeFolder tokenizer();

  /** Text to measure the training on; it is not trained on. */
  List<CorpusSettings> validation();

  /** Shape of a network that begins with random weights. */
  Optional<NetworkSettings.Shape> shape();

  /** The network to begin with instead. */
  Optional<MadeFolder> initial();

  /** Seed of random weights. */
  long initialSeed();

  NetworkSettings.Batches batches();

  NetworkSettings.Rate rate();

  NetworkSettings.Optimiser optimiser();

  NetworkSettings.Compute compute();

  /** Refuses what no single setting shows. */
  static void requireConsistent(
      Optional<NetworkSettings.Shape> shape,
      Optional<MadeFolder> initial,
      NetworkSettings.Batches batches) {
    Preconditions.checkArgument(
        shape.isPresent() != initial.isPresent(),
        "give \"shape\" for a new network or \"initial\" for one to go on with, %s",
        shape.isPresent() ? "not both" : "found neither");
    shape.ifPresent(
        s ->
            Preconditions.checkArgument(
                batches.length() <= s.context(),
                "batches.length %s is more than shape.context %s",
                batches.length(),
                s.context()));
  }
}
