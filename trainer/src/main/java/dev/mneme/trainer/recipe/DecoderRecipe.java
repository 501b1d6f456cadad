package dev.mneme.trainer.recipe;

import com.google.common.base.Preconditions;
import java.util.Optional;

/** A recipe that trains a decoder. */
public sealed interface DecoderRecipe extends NetworkRecipe
    permits LanguageModelRecipe, MemoryDecoderRecipe {

  /** Shape of a network that begins with random weights. */
  Optional<NetworkSettings.Shape> shape();

  /** The network to begin with instead. */
  Optional<MadeFolder> initial();

  NetworkSettings.Batches batches();

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
