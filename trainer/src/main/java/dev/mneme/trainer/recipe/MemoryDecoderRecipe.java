package dev.mneme.trainer.recipe;

import java.util.List;
import java.util.Optional;

/**
 * Trains a Memory Decoder (arXiv 2508.09874): a teacher's activations over the text become a
 * datastore, its neighbours become sparse targets, and a network learns them. Makes a pack.
 */
public record MemoryDecoderRecipe(
    @Setting(about = About.NAME) RecipeName name,
    @Setting(about = About.DOMAIN) String domain,
    @Setting(about = About.TOKENIZER) MadeFolder tokenizer,
    @Setting(about = About.CORPORA, range = "[1, 1000]") List<CorpusSettings> corpora,
    @Setting(about = About.VALIDATION, byDefault = "[]") List<CorpusSettings> validation,
    @Setting(about = About.EVALUATION, byDefault = "[]") List<DataFile> evaluation,
    @Setting(about = About.TEACHER) MadeFolder teacher,
    @Setting(about = About.DATASTORE, byDefault = "{}") Keys datastore,
    @Setting(about = About.NEIGHBOURS, byDefault = "{}") Neighbours neighbours,
    @Setting(about = About.SHAPE, byDefault = "none") Optional<NetworkSettings.Shape> shape,
    @Setting(about = About.INITIAL, byDefault = "none") Optional<MadeFolder> initial,
    @Setting(about = About.INITIAL_SEED, byDefault = "1") long initialSeed,
    @Setting(
            about =
                "share of the neighbours in what is learned, the rest is the next token; at 0 no"
                    + " datastore is made",
            range = "[0, 1]",
            byDefault = "0.5")
        double beta,
    @Setting(about = About.BATCHES, byDefault = "{}") NetworkSettings.Batches batches,
    @Setting(about = About.RATE) NetworkSettings.Rate rate,
    @Setting(about = About.OPTIMISER, byDefault = "{}") NetworkSettings.Optimiser optimiser,
    @Setting(about = About.COMPUTE, byDefault = "{}") NetworkSettings.Compute compute,
    @Setting(about = About.LAMBDA, range = "[0, 1]", byDefault = "0.6") double lambda)
    implements DecoderRecipe, MemoryRecipe {

  public MemoryDecoderRecipe {
    DecoderRecipe.requireConsistent(shape, initial, batches);
  }
}
