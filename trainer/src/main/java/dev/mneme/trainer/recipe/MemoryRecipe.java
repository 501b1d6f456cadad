package dev.mneme.trainer.recipe;

import com.google.common.base.Preconditions;

/** A recipe that makes a pack of what a teacher and the neighbours of its activations know. */
public sealed interface MemoryRecipe extends NetworkRecipe
    permits MemoryDecoderRecipe, MlpMemoryRecipe {

  /** What the memory knows, for people. */
  String domain();

  /** Folder of the model whose activations are the keys. */
  MadeFolder teacher();

  Keys datastore();

  Neighbours neighbours();

  /** Share of the neighbours in what is learned. */
  double beta();

  /** Mixing weight the pack recommends. */
  double lambda();

  /** Whether neighbours are sought. */
  default boolean seeksNeighbours() {
    return beta() > 0;
  }

  /** Whether the training itself reads the datastore. */
  default boolean readsDatastore() {
    return false;
  }

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
}
