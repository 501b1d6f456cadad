package dev.mneme.trainer.recipe;

import com.google.common.base.Preconditions;
import dev.mneme.trainer.text.Corpus;
import dev.mneme.trainer.text.DocumentSplit;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** A {@link Corpus} as a recipe describes it. */
public record CorpusSettings(
    @Setting(
            about = "text files in the data folder, plain or gzip; empty lines separate documents",
            range = "[1, 10000]")
        List<DataFile> files,
    @Setting(about = "read documents of these sources only", byDefault = "[]") List<String> only,
    @Setting(about = "read documents of all but these sources", byDefault = "[]")
        List<String> without,
    @Setting(about = "read a random part of the documents only", byDefault = "none")
        Optional<Part> part,
    @Setting(
            about =
                "stop before the document that would be more than so many bytes of UTF-8 text in"
                    + " all",
            range = "[1, 1e15]",
            byDefault = "none")
        Optional<Long> bytes) {

  /** A {@link DocumentSplit}. */
  public record Part(
      @Setting(about = "another seed gives another part") long seed,
      @Setting(about = "share of the documents", range = "(0, 1)") double share,
      @Setting(about = "true for all documents but that part", byDefault = "false") boolean rest) {

    DocumentSplit split() {
      return new DocumentSplit(seed, share, rest);
    }
  }

  public CorpusSettings {
    Preconditions.checkArgument(
        only.isEmpty() || without.isEmpty(), "give \"only\" or \"without\", not both");
  }

  /** Everything in a file. */
  static CorpusSettings of(DataFile file) {
    return new CorpusSettings(
        List.of(file), List.of(), List.of(), Optional.empty(), Optional.empty());
  }

  /** The corpus among the files of a data folder. */
  Corpus in(Path data) {
    Corpus.Labels labels = new Corpus.Labels.All();
    if (!only.isEmpty()) {
      labels = new Corpus.Labels.Only(Set.copyOf(only));
    } else if (!without.isEmpty()) {
      labels = new Corpus.Labels.Without(Set.copyOf(without));
    }
    return new Corpus(
        files.stream().map(file -> file.in(data)).toList(),
        labels,
        part.map(Part::split),
        bytes.isPresent() ? OptionalLong.of(bytes.get()) : OptionalLong.empty());
  }
}
