package dev.mneme.trainer.recipe;

import java.util.List;

/** A recipe that trains a network. */
public sealed interface NetworkRecipe extends TrainingRecipe permits DecoderRecipe, MemoryRecipe {

  /** Folder with {@code tokenizer.json}. */
  MadeFolder tokenizer();

  /** Text to measure the training on; it is not trained on. */
  List<CorpusSettings> validation();

  /** Seed of random weights. */
  long initialSeed();

  NetworkSettings.Rate rate();

  NetworkSettings.Optimiser optimiser();

  NetworkSettings.Compute compute();
}
