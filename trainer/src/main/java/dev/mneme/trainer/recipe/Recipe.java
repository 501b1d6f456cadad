package dev.mneme.trainer.recipe;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import java.nio.file.Path;

/**
 * A training or a comparison written down: what to make, of which text, how. Immutable, and without
 * any place of one machine: corpora are named relative to a data folder, everything made relative
 * to a work folder. {@link RecipeRun} runs it; {@link RecipeHelp} lists the settings.
 */
public sealed interface Recipe permits TrainingRecipe, ComparisonRecipe {

  /** What it makes, and the name of the folder with that in the work folder. */
  RecipeName name();

  /**
   * Reads a recipe, strictly.
   *
   * @throws MalformedFileException if it is not JSON, or a setting is unknown, missing or out of
   *     range; names every such setting
   * @throws MnemeException if it cannot be read
   */
  static Recipe read(Path file) {
    return RecipeReader.read(file);
  }
}
