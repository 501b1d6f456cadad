package dev.mneme.trainer.text;

import dev.mneme.MalformedFileException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The documents of several files in order, with their labels. Used by one thread. */
final class DocumentIterator implements Iterator<Document>, AutoCloseable {
  private final Iterator<Path> files;
  private final Map<Path, List<String>> labels;
  private Path file = Path.of("");
  private @Nullable DocumentReader reader;
  private @Nullable Document next;

  DocumentIterator(List<Path> files, Map<Path, List<String>> labels) {
    this.files = files.iterator();
    this.labels = labels;
  }

  @Override
  public boolean hasNext() {
    while (next == null) {
      if (reader == null) {
        if (!files.hasNext()) {
          return false;
        }
        file = files.next();
        reader = DocumentReader.open(file);
      }
      String text = reader.next();
      if (text == null) {
        requireAllLabelsUsed(reader.count());
        close();
      } else {
        next = new Document(file, reader.count(), label(reader.count()), text);
      }
    }
    return true;
  }

  @Override
  public Document next() {
    if (!hasNext() || next == null) {
      throw new NoSuchElementException();
    }
    Document document = next;
    next = null;
    return document;
  }

  private Optional<String> label(int number) {
    List<String> of = labels.get(file);
    if (of == null) {
      return Optional.empty();
    }
    if (number > of.size()) {
      throw new MalformedFileException(
          "%s has more documents than its label file has lines, %d; labels and documents must match one to one"
              .formatted(file, of.size()));
    }
    return Optional.of(of.get(number - 1));
  }

  private void requireAllLabelsUsed(int documents) {
    List<String> of = labels.get(file);
    if (of != null && of.size() != documents) {
      throw new MalformedFileException(
          "%s has %d documents, but its label file has %d lines; labels and documents must match one to one"
              .formatted(file, documents, of.size()));
    }
  }

  @Override
  public void close() {
    if (reader != null) {
      reader.close();
      reader = null;
    }
  }
}
