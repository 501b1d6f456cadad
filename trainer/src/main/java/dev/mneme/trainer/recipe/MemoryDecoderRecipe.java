package dev.mneme.trainer.recipe;

import com.google.common.base.Preconditions;
import java.util.List;
import java.util.Optional;

/**
 * Trains a Memory Decoder (arXiv 2508.09874): a teacher's activations over the text become a
 * datastore, its neighbours become sparse targets, and a network learns them. Makes a pack.
 */
public record MemoryDecoderRecipe(
    @Setting(about = About.NAME) RecipeName name,
    @Setting(about = "what the memory knows, for people") String domain,
    @Setting(about = About.TOKENIZER) MadeFolder tokenizer,
    @Setting(about = About.CORPORA, range = "[1, 1000]") List<CorpusSettings> corpora,
    @Setting(about = About.VALIDATION, byDefault = "[]") List<CorpusSettings> validation,
    @Setting(about = About.EVALUATION, byDefault = "[]") List<DataFile> evaluation,
    @Setting(about = "folder in the work folder with the model whose activations are the keys")
        MadeFolder teacher,
    @Setting(about = "how the teacher reads", byDefault = "{}") Keys datastore,
    @Setting(about = "how neighbours become targets", byDefault = "{}") Neighbours neighbours,
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
    @Setting(about = "mixing weight the pack recommends", range = "[0, 1]", byDefault = "0.6")
        double lambda)
    implements NetworkRecipe {

  /** How the teacher reads the text. */
  public record Keys(
      @Setting(about = "tokens of a window", range = "[1, 1000000]", byDefault = "512") int context,
      @Setting(
              about = "tokens between windows, at most context",
              range = "[1, 1000000]",
              byDefault = "256")
          int stride,
      @Setting(about = "windows computed at once", range = "[1, 100000]", byDefault = "8")
          int sequences) {

    public Keys {
      Preconditions.checkArgument(
          stride <= context, "a stride of %s leaves gaps between windows of %s", stride, context);
    }
  }

  /** How neighbours become targets. */
  public record Neighbours(
      @Setting(
              about = "neighbours that make a target (k)",
              range = "[1, 100000]",
              byDefault = "1024")
          int k,
      @Setting(about = "of the neighbours' squared distances", range = "(0, 1e9]", byDefault = "16")
          double temperature,
      @Setting(
              about = "ids kept for each position; each takes 4 bytes",
              range = "[1, 65536]",
              byDefault = "64")
          int width,
      @Setting(
              about = "about how many lists the keys are sorted into; 1 for an exact search",
              range = "[1, 1000000]",
              byDefault = "1")
          int lists,
      @Setting(
              about = "lists searched for a query, at most lists",
              range = "[1, 1000000]",
              byDefault = "1")
          int probes,
      @Setting(
              about = "queries also searched exactly, to measure recall",
              range = "[0, 1000000]",
              byDefault = "200")
          int recallSample,
      @Setting(about = "of the lists", byDefault = "1") long seed) {

    public Neighbours {
      Preconditions.checkArgument(probes <= lists, "%s probes of only %s lists", probes, lists);
    }
  }

  public MemoryDecoderRecipe {
    NetworkRecipe.requireConsistent(shape, initial, batches);
  }
}
