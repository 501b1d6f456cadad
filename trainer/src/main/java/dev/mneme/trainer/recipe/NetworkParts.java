package dev.mneme.trainer.recipe;

import dev.mneme.MnemeException;
import dev.mneme.djl.LlamaShape;
import dev.mneme.store.hf.HuggingFaceConfig;
import dev.mneme.trainer.text.BpeTokenizer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What recipes take from others, found and checked against each other before any long stage begins.
 */
final class NetworkParts {

  private static final String TOKENIZER = "tokenizer.json";
  static final String WEIGHTS = "model.safetensors";

  private NetworkParts() {}

  /**
   * The shape of a memory's teacher.
   *
   * @throws MnemeException if it is missing, or has another tokenizer or a shorter context than the
   *     recipe needs
   */
  static LlamaShape teacher(MemoryRecipe recipe, Path work, BpeTokenizer tokenizer) {
    Path teacher = recipe.teacher().in(work);
    LlamaShape shape = shapeOf(teacher, tokenizer, "teacher");
    requireContext(shape, recipe.datastore().context(), "datastore.context", teacher);
    return shape;
  }

  /** What a network of random weights began as. */
  static String randomOrigin(NetworkRecipe recipe) {
    return "beginning with random weights of seed " + recipe.initialSeed();
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

  static LlamaShape shapeOf(Path folder, BpeTokenizer tokenizer, String setting) {
    if (!Files.isRegularFile(folder.resolve(WEIGHTS))) {
      throw new MnemeException(
          "no model for \"%s\": expected %s; run the recipe that makes it first, or copy it there"
              .formatted(setting, folder.resolve(WEIGHTS)));
    }
    requireTokenizer(folder, tokenizer, setting);
    return LlamaShape.of(HuggingFaceConfig.read(folder));
  }

  static void requireTokenizer(Path folder, BpeTokenizer tokenizer, String setting) {
    BpeTokenizer its = tokenizerIn(folder);
    if (!its.digest().equals(tokenizer.digest())) {
      throw new MnemeException(
          "the \"%s\" in %s has another tokenizer than the recipe names: its %s has the SHA-256 %s, the recipe's %s"
              .formatted(setting, folder, TOKENIZER, its.digest(), tokenizer.digest()));
    }
  }

  static void requireContext(LlamaShape shape, int length, String setting, Path folder) {
    if (length > shape.context()) {
      throw new MnemeException(
          "\"%s\" is %d, but the model in %s reads at most %d tokens at once"
              .formatted(setting, length, folder, shape.context()));
    }
  }
}
