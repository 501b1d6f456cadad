package dev.mneme.trainer.recipe;

import dev.mneme.MnemeException;
import dev.mneme.djl.DecoderNetwork;
import dev.mneme.djl.DecoderShape;
import dev.mneme.store.hf.HuggingFaceConfig;
import dev.mneme.trainer.text.BpeTokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a network recipe takes from others, found and checked against each other before any long
 * stage begins.
 *
 * @param tokenizer of everything the recipe touches
 * @param shape of the network to train
 * @param initial folder of the network to begin with; random weights if empty
 * @param seed of random weights
 */
record NetworkParts(BpeTokenizer tokenizer, DecoderShape shape, Optional<Path> initial, long seed) {

  private static final String TOKENIZER = "tokenizer.json";
  static final String WEIGHTS = "model.safetensors";

  /**
   * Finds them.
   *
   * @throws MnemeException if one is missing, or has another tokenizer or a shorter context than
   *     the recipe needs
   */
  static NetworkParts of(NetworkRecipe recipe, Workspace workspace) {
    Path work = workspace.work();
    BpeTokenizer tokenizer = tokenizerIn(recipe.tokenizer().in(work));
    Optional<Path> initial = recipe.initial().map(folder -> folder.in(work));
    initial.ifPresent(
        folder -> {
          DecoderShape shape = shapeOf(folder, tokenizer, "initial");
          requireContext(shape, recipe.batches().length(), "batches.length", folder);
        });
    if (recipe instanceof MemoryDecoderRecipe memory) {
      Path teacher = memory.teacher().in(work);
      DecoderShape shape = shapeOf(teacher, tokenizer, "teacher");
      requireContext(shape, memory.datastore().context(), "datastore.context", teacher);
    }
    DecoderShape shape =
        initial
            .map(folder -> shapeOf(folder, tokenizer, "initial"))
            .orElseGet(() -> recipe.shape().orElseThrow().of(tokenizer.size()));
    return new NetworkParts(tokenizer, shape, initial, recipe.initialSeed());
  }

  /** The network before the first step; the caller closes it. */
  DecoderNetwork begin(boolean bfloat16) {
    return initial
        .map(folder -> DecoderNetwork.open(folder, bfloat16))
        .orElseGet(() -> DecoderNetwork.random(shape, seed, bfloat16));
  }

  /** What the network began as, for a checkpoint to be told from others by. */
  String origin() {
    return initial
        .map(folder -> "beginning with " + Digests.sha256(folder.resolve(WEIGHTS)))
        .orElse("beginning with random weights of seed " + seed);
  }

  static BpeTokenizer tokenizerIn(Path folder) {
    Path file = folder.resolve(TOKENIZER);
    if (!Files.isRegularFile(file)) {
      throw new MnemeException(
          "no tokenizer: expected %s; run the recipe that makes it first, or copy it there"
              .formatted(file));
    }
    return BpeTokenizer.read(file);
  }

  static DecoderShape shapeOf(Path folder, BpeTokenizer tokenizer, String setting) {
    if (!Files.isRegularFile(folder.resolve(WEIGHTS))) {
      throw new MnemeException(
          "no model for \"%s\": expected %s; run the recipe that makes it first, or copy it there"
              .formatted(setting, folder.resolve(WEIGHTS)));
    }
    BpeTokenizer its = tokenizerIn(folder);
    if (!its.digest().equals(tokenizer.digest())) {
      throw new MnemeException(
          "the \"%s\" in %s has another tokenizer than the recipe names: its %s has the SHA-256 %s, the recipe's %s"
              .formatted(setting, folder, TOKENIZER, its.digest(), tokenizer.digest()));
    }
    return DecoderShape.of(HuggingFaceConfig.read(folder));
  }

  static void requireContext(DecoderShape shape, int length, String setting, Path folder) {
    if (length > shape.context()) {
      throw new MnemeException(
          "\"%s\" is %d, but the model in %s reads at most %d tokens at once"
              .formatted(setting, length, folder, shape.context()));
    }
  }
}
