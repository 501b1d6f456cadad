package dev.mneme.trainer.text;

import com.google.common.base.Preconditions;
import com.google.common.base.Utf8;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Text to train on: which files, which of their sources, which part of their documents. Immutable;
 * nothing is read before documents are asked for, and then one document is held at a time.
 *
 * <p>A file is UTF-8, plain or gzip. A document is a block of lines; empty lines separate
 * documents. Beside {@code train.txt.gz} may lie {@code train.sources.txt.gz} (without {@code .gz}
 * if the text has none) with one label per document, in the same order.
 *
 * @param files read in this order
 * @param labels which sources to read
 * @param part which of those documents to read; all if empty
 * @param bytes reading stops before the document that would be more than so many bytes of UTF-8 in
 *     all; never if empty
 */
public record Corpus(
    List<Path> files, Labels labels, Optional<DocumentSplit> part, OptionalLong bytes) {

  /** Which source labels to read. */
  public sealed interface Labels {

    /** Documents of every source; no label file is needed. */
    record All() implements Labels {}

    /** Only documents of these sources. */
    record Only(Set<String> names) implements Labels {
      public Only {
        names = sorted(names);
      }
    }

    /** Documents of all but these sources. */
    record Without(Set<String> names) implements Labels {
      public Without {
        names = sorted(names);
      }
    }

    private static Set<String> sorted(Set<String> names) {
      Preconditions.checkArgument(!names.isEmpty(), "name at least one source label");
      return Collections.unmodifiableSet(new TreeSet<>(names));
    }
  }

  public Corpus {
    Preconditions.checkArgument(!files.isEmpty(), "a corpus needs at least one file");
    files = List.copyOf(files);
  }

  /** Everything in these files. */
  public static Corpus of(Path... files) {
    return new Corpus(List.of(files), new Labels.All(), Optional.empty(), OptionalLong.empty());
  }

  /** Only documents of these sources. */
  public Corpus only(String... names) {
    return new Corpus(files, new Labels.Only(Set.of(names)), part, bytes);
  }

  /** Documents of all but these sources. */
  public Corpus without(String... names) {
    return new Corpus(files, new Labels.Without(Set.of(names)), part, bytes);
  }

  /** Only the documents of a part. */
  public Corpus part(DocumentSplit split) {
    return new Corpus(files, labels, Optional.of(split), bytes);
  }

  /** Only the first documents, with at most so many bytes of UTF-8 in all. */
  public Corpus atMost(long most) {
    return new Corpus(files, labels, part, OptionalLong.of(most));
  }

  /**
   * The documents, in file order. Whoever asks for the stream closes it.
   *
   * <p>Reading throws {@link MalformedFileException} for bytes that are not UTF-8, a damaged gzip
   * file or labels that do not fit the documents, and {@link MnemeException} for a file that cannot
   * be read.
   *
   * @throws MnemeException if a file is missing, or a named label occurs nowhere
   */
  public Stream<Document> documents() {
    Map<Path, List<String>> labelsOf = readLabels();
    var iterator = new DocumentIterator(files, labelsOf);
    Stream<Document> all =
        StreamSupport.stream(
                Spliterators.spliteratorUnknownSize(
                    iterator, Spliterator.ORDERED | Spliterator.NONNULL),
                false)
            .onClose(iterator::close);
    Stream<Document> wanted =
        all.filter(hasWantedLabel())
            .filter(document -> part.isEmpty() || part.get().contains(document.text()));
    return bytes.isEmpty() ? wanted : wanted.takeWhile(fits(bytes.getAsLong()));
  }

  private static Predicate<Document> fits(long most) {
    var read = new AtomicLong();
    return document -> read.addAndGet(Utf8.encodedLength(document.text())) <= most;
  }

  /**
   * Refuses a corpus that is too small for what comes; reads no further than needed.
   *
   * @param documents fewest documents
   * @param characters fewest characters in all of them
   * @param purpose what needs that much, for the message: "a tokenizer of 8192 entries"
   * @throws MnemeException if there is less; says how much was found
   */
  public void requireAtLeast(long documents, long characters, String purpose) {
    long foundDocuments = 0;
    long foundCharacters = 0;
    try (Stream<Document> all = documents()) {
      for (var i = all.iterator();
          i.hasNext() && (foundDocuments < documents || foundCharacters < characters); ) {
        foundDocuments++;
        foundCharacters += i.next().text().length();
      }
    }
    if (foundDocuments < documents || foundCharacters < characters) {
      throw new MnemeException(
          "%s: found %,d documents with %,d characters, but %s needs at least %,d documents with %,d characters; give more text%s"
              .formatted(
                  files,
                  foundDocuments,
                  foundCharacters,
                  purpose,
                  documents,
                  characters,
                  labels instanceof Labels.All && part.isEmpty() && bytes.isEmpty()
                      ? ""
                      : " or a wider choice of sources and documents"));
    }
  }

  /** The files beside the corpus files that hold labels, where they are there. */
  public List<Path> labelFiles() {
    return files.stream().map(Corpus::labelFile).filter(Files::isRegularFile).toList();
  }

  private Predicate<Document> hasWantedLabel() {
    return switch (labels) {
      case Labels.All() -> document -> true;
      case Labels.Only(Set<String> names) ->
          document -> document.label().filter(names::contains).isPresent();
      case Labels.Without(Set<String> names) ->
          document -> document.label().filter(names::contains).isEmpty();
    };
  }

  private Map<Path, List<String>> readLabels() {
    var found = new HashMap<Path, List<String>>();
    for (Path file : files) {
      Path labelFile = labelFile(file);
      if (Files.isRegularFile(labelFile)) {
        found.put(file, labelsIn(labelFile));
      } else if (!(labels instanceof Labels.All)) {
        throw new MnemeException(
            "%s has no source labels: expected one line per document in %s, which is not there"
                .formatted(file, labelFile));
      }
    }
    requireKnown(found.values());
    return found;
  }

  private void requireKnown(Collection<List<String>> found) {
    Set<String> names =
        switch (labels) {
          case Labels.All() -> Set.of();
          case Labels.Only(Set<String> n) -> n;
          case Labels.Without(Set<String> n) -> n;
        };
    var known = new TreeSet<String>();
    found.forEach(known::addAll);
    for (String name : names) {
      if (!known.contains(name)) {
        throw new MnemeException(
            "no document of %s has the source label \"%s\"; their labels are %s"
                .formatted(files, name, known));
      }
    }
  }

  private static List<String> labelsIn(Path file) {
    try (var reader = DocumentReader.open(file)) {
      var labels = new ArrayList<String>();
      for (String block = reader.next(); block != null; block = reader.next()) {
        block.lines().map(String::intern).forEach(labels::add);
      }
      return labels;
    }
  }

  /** {@code train.sources.txt.gz} of {@code train.txt.gz}. */
  private static Path labelFile(Path file) {
    String name = String.valueOf(file.getFileName());
    for (String ending : List.of(".txt.gz", ".txt", ".gz")) {
      if (name.endsWith(ending)) {
        String stem = name.substring(0, name.length() - ending.length());
        return file.resolveSibling(stem + ".sources" + ending);
      }
    }
    return file.resolveSibling(name + ".sources");
  }
}
