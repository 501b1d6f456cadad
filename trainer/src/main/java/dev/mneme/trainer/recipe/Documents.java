package dev.mneme.trainer.recipe;

import dev.mneme.trainer.text.Corpus;
import dev.mneme.trainer.text.Document;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The documents of several corpora one after the other, one in memory at a time; a stream's {@code
 * flatMap} would hold a whole corpus where its iterator is asked for. Used by one thread and closed
 * by it.
 */
final class Documents implements Iterator<Document>, AutoCloseable {

  private final Iterator<Corpus> corpora;
  private final Consumer<Document> listener;
  private Stream<Document> open = Stream.empty();
  private Iterator<Document> current = Collections.emptyIterator();

  /**
   * Reads corpora.
   *
   * @param listener told of every document that is read
   */
  Documents(List<Corpus> corpora, Consumer<Document> listener) {
    this.corpora = corpora.iterator();
    this.listener = listener;
  }

  /** This as a stream, which need not be closed. */
  Stream<Document> stream() {
    return StreamSupport.stream(
        Spliterators.spliteratorUnknownSize(this, Spliterator.ORDERED | Spliterator.NONNULL),
        false);
  }

  @Override
  public boolean hasNext() {
    while (!current.hasNext() && corpora.hasNext()) {
      open.close();
      open = corpora.next().documents();
      current = open.iterator();
    }
    return current.hasNext();
  }

  @Override
  public Document next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    Document document = current.next();
    listener.accept(document);
    return document;
  }

  @Override
  public void close() {
    open.close();
  }
}
