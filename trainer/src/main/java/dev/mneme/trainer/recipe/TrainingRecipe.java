package dev.mneme.trainer.recipe;

import java.util.List;

/** A recipe that learns from text. */
public sealed interface TrainingRecipe extends Recipe permits TokenizerRecipe, NetworkRecipe {

  /** The text to learn from, in the order in which it is read. */
  List<CorpusSettings> corpora();

  /** Text that must not be in the corpora. */
  List<DataFile> evaluation();
}
