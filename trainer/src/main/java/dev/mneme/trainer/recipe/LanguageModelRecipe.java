package dev.mneme.trainer.recipe;

import com.google.common.base.Preconditions;
import java.util.List;
import java.util.Optional;

/**
 * Trains a language model on plain text, from random weights or, with {@code initial}, from a model
 * that is there: all of its weights (full fine-tuning) or, with {@code lora}, low-rank changes of
 * them, which are then merged into it. Makes a Hugging Face directory with half precision weights.
 */
public record LanguageModelRecipe(
    @Setting(about = About.NAME) RecipeName name,
    @Setting(about = About.TOKENIZER) MadeFolder tokenizer,
    @Setting(about = About.CORPORA, range = "[1, 1000]") List<CorpusSettings> corpora,
    @Setting(about = About.VALIDATION, byDefault = "[]") List<CorpusSettings> validation,
    @Setting(about = About.EVALUATION, byDefault = "[]") List<DataFile> evaluation,
    @Setting(about = About.SHAPE, byDefault = "none") Optional<NetworkSettings.Shape> shape,
    @Setting(about = About.INITIAL, byDefault = "none") Optional<MadeFolder> initial,
    @Setting(about = About.INITIAL_SEED, byDefault = "1") long initialSeed,
    @Setting(
            about = "train low-rank changes of the initial network's block matrices only (LoRA)",
            byDefault = "none")
        Optional<NetworkSettings.Lora> lora,
    @Setting(about = About.BATCHES, byDefault = "{}") NetworkSettings.Batches batches,
    @Setting(about = About.RATE) NetworkSettings.Rate rate,
    @Setting(about = About.OPTIMISER, byDefault = "{}") NetworkSettings.Optimiser optimiser,
    @Setting(about = About.COMPUTE, byDefault = "{}") NetworkSettings.Compute compute)
    implements DecoderRecipe {

  public LanguageModelRecipe {
    DecoderRecipe.requireConsistent(shape, initial, batches);
    Preconditions.checkArgument(
        lora.isEmpty() || initial.isPresent(),
        "\"lora\" changes a network that is there; name it in \"initial\"");
  }
}
