package dev.mneme.trainer.recipe;

import com.google.common.base.Preconditions;
import dev.mneme.store.hf.MlpShape;
import java.util.List;

/**
 * Trains an MLP Memory (arXiv 2508.01832): as a {@link MemoryDecoderRecipe}, but the network that
 * learns the targets reads the teacher's activations, the input of its last feed-forward block, and
 * no tokens. Makes a pack for the teacher as host. Other taps are not offered: the datastore keeps
 * that activation alone.
 */
public record MlpMemoryRecipe(
    @Setting(about = About.NAME) RecipeName name,
    @Setting(about = About.DOMAIN) String domain,
    @Setting(about = About.TOKENIZER) MadeFolder tokenizer,
    @Setting(about = About.CORPORA, range = "[1, 1000]") List<CorpusSettings> corpora,
    @Setting(about = About.VALIDATION, byDefault = "[]") List<CorpusSettings> validation,
    @Setting(about = About.EVALUATION, byDefault = "[]") List<DataFile> evaluation,
    @Setting(about = About.TEACHER + "; the memory's host") MadeFolder teacher,
    @Setting(about = About.DATASTORE, byDefault = "{}") Keys datastore,
    @Setting(about = About.NEIGHBOURS, byDefault = "{}") Neighbours neighbours,
    @Setting(
            about =
                "what is read: offline the datastore's activations, in half precision and from all"
                    + " over the text; online the teacher's own, window by window",
            byDefault = "\"offline\"")
        Activations activations,
    @Setting(about = About.SHAPE) Shape shape,
    @Setting(about = About.INITIAL_SEED, byDefault = "1") long initialSeed,
    @Setting(
            about = "share of the neighbours in what is learned, the rest is the next token",
            range = "[0, 1]",
            byDefault = "0.4")
        double beta,
    @Setting(about = "activations that make a step", byDefault = "{}") Batches batches,
    @Setting(about = About.RATE) NetworkSettings.Rate rate,
    @Setting(about = About.OPTIMISER, byDefault = "{}") NetworkSettings.Optimiser optimiser,
    @Setting(about = About.COMPUTE, byDefault = "{}") NetworkSettings.Compute compute,
    @Setting(about = About.LAMBDA, range = "[0, 1]", byDefault = "0.4") double lambda)
    implements MemoryRecipe {

  /** Where activations come from in training. */
  public enum Activations {
    OFFLINE,
    ONLINE
  }

  /** An {@link MlpShape} but for the input and the vocabulary, which are the teacher's. */
  public record Shape(
      @Setting(
              about =
                  "width of the residual stream; a transform comes first if the teacher's differs",
              range = "[2, 65536]")
          int hidden,
      @Setting(about = "blocks", range = "[1, 1000]") int layers,
      @Setting(about = "width inside the feed-forward block", range = "[1, 1000000]")
          int feedForward,
      @Setting(
              about = "how a block computes: RMSNorm and SwiGLU, or LayerNorm and GELU",
              byDefault = "\"mistral\"")
          MlpShape.Style style,
      @Setting(
              about = "added to the mean square in every norm",
              range = "(0, 1)",
              byDefault = "1e-5")
          double normEpsilon) {

    /** The whole shape. */
    MlpShape of(int input, int vocabulary) {
      return new MlpShape(
          style, input, hidden, feedForward, layers, vocabulary, normEpsilon, input != hidden);
    }
  }

  /** Which activations make a step. */
  public record Batches(
      @Setting(
              about = "activations of a step; online whole windows of datastore.context",
              range = "[1, 10000000]",
              byDefault = "4096")
          int rows,
      @Setting(about = "of their order", byDefault = "1") long seed) {}

  public MlpMemoryRecipe {
    Preconditions.checkArgument(
        activations == Activations.OFFLINE || batches.rows() % datastore.context() == 0,
        "online a step has whole windows: batches.rows %s is no multiple of datastore.context %s",
        batches.rows(),
        datastore.context());
  }

  @Override
  public boolean readsDatastore() {
    return activations == Activations.OFFLINE;
  }
}
