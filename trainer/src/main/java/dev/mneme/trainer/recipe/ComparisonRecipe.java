package dev.mneme.trainer.recipe;

import com.google.common.base.Preconditions;
import com.google.common.collect.Comparators;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Measures a host, its memories and their rivals on test text, each with the mixing weight that is
 * best on validation text. Trains nothing: models are what other recipes left in the work folder,
 * and those that are not there yet are named and left out. Makes a table, its figures and a chart.
 */
public record ComparisonRecipe(
    @Setting(about = About.NAME) RecipeName name,
    @Setting(about = About.TOKENIZER) MadeFolder tokenizer,
    @Setting(about = "folder in the work folder with the model that stays as it is")
        MadeFolder host,
    @Setting(about = "test text of no domain") DataFile general,
    @Setting(about = "what the memories know, one after the other", range = "[1, 100]")
        List<Domain> domains,
    @Setting(about = "how kNN-LM finds and weighs neighbours", byDefault = "{}")
        Retrieval retrieval,
    @Setting(
            about = "tokens of a window, the last only predicted; at most the models' context + 1",
            range = "[2, 1000000]",
            byDefault = "512")
        int window,
    @Setting(
            about = "tokens between the starts of windows, fewer than window",
            range = "[1, 1000000]",
            byDefault = "256")
        int stride,
    @Setting(
            about = "processor threads; 0 for one per core; --threads goes before",
            range = "[0, 1024]",
            byDefault = "0")
        int threads)
    implements Recipe {

  /** A domain's text and what was trained on its documents. */
  public record Domain(
      @Setting(about = "the domain, for people") String name,
      @Setting(about = "text to choose mixing weights by") DataFile valid,
      @Setting(about = "text to measure on") DataFile test,
      @Setting(
              about = "documents of kNN-LM's datastore; without them it is left out",
              range = "[0, 1000]",
              byDefault = "[]")
          List<CorpusSettings> corpora,
      @Setting(about = "the host with low-rank changes", byDefault = "none")
          Optional<MadeFolder> lora,
      @Setting(about = "the host, fully fine-tuned", byDefault = "none")
          Optional<MadeFolder> fineTuned,
      @Setting(about = "memory that learned next tokens only", byDefault = "none")
          Optional<MadeFolder> memoryCe,
      @Setting(about = "memory that learned neighbours too", byDefault = "none")
          Optional<MadeFolder> memory,
      @Setting(about = "pack of an MLP Memory that reads the host", byDefault = "none")
          Optional<MadeFolder> mlpMemory) {}

  /** kNN-LM (arXiv 1911.00172) with the host's own keys. */
  public record Retrieval(
      @Setting(about = "how the host reads the documents", byDefault = "{}")
          MemoryRecipe.Keys datastore,
      @Setting(
              about = "numbers of neighbours to try, smallest first",
              range = "[1, 9]",
              each = "[1, 1e5]",
              byDefault = "[1024]")
          List<Integer> k,
      @Setting(
              about = "temperatures of the squared distances to try",
              range = "[1, 9]",
              each = "(0, 1e9]",
              byDefault = "[16]")
          List<Double> temperatures,
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
      @Setting(about = "of the lists", byDefault = "1") long seed,
      @Setting(
              about = "keys and search in bfloat16: auto where the processor multiplies it",
              byDefault = "\"auto\"")
          NetworkSettings.Bfloat16 bfloat16) {

    public Retrieval {
      Preconditions.checkArgument(probes <= lists, "%s probes of only %s lists", probes, lists);
      Preconditions.checkArgument(
          Comparators.isInStrictOrder(k, Comparator.naturalOrder()),
          "k must begin with the smallest and name each once: %s",
          k);
    }
  }

  public ComparisonRecipe {
    Preconditions.checkArgument(
        stride < window, "a stride of %s for windows of %s leaves gaps", stride, window);
    Preconditions.checkArgument(
        domains.stream().map(Domain::name).distinct().count() == domains.size(),
        "two domains have one name");
  }
}
