package dev.mneme.llamacpp.internal;

import dev.mneme.ClosedException;
import dev.mneme.ContextOverflowException;
import dev.mneme.FloatRows;
import dev.mneme.MemorySession;
import dev.mneme.Rows;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A sequence of an MLP Memory, which keeps nothing of it but its length: every row depends on one
 * activation alone. One graph for single rows stays; one for the last other number of rows is kept
 * beside it.
 */
public final class MlpSession implements MemorySession {

  private static final int LARGEST_BATCH = 512;

  private final Thread owner = Thread.currentThread();
  private final LlamaLibrary library;
  private final MlpWeights weights;
  private final MemorySegment processor;
  private @Nullable MlpGraph single;
  private @Nullable MlpGraph many;
  private int length;
  private boolean closed;

  MlpSession(LlamaLibrary library, MlpWeights weights, int threads) {
    this.library = library;
    this.weights = weights;
    processor = library.ggml().newProcessor(threads);
  }

  @Override
  public FloatRows recall(int[] tokens, FloatRows activations, Rows rows) {
    check();
    checkTokens(tokens);
    int wanted =
        switch (rows) {
          case NONE -> 0;
          case LAST -> 1;
          case ALL -> tokens.length;
        };
    int input = weights.shape().input();
    if (activations.count() != wanted || (wanted > 0 && activations.width() != input)) {
      throw new IllegalArgumentException(
          "%d activations of %d floats for %d rows, expected one of %d floats for each"
              .formatted(activations.count(), activations.width(), wanted, input));
    }
    FloatRows logits = wanted == 0 ? FloatRows.NONE : compute(activations);
    length += tokens.length;
    return logits;
  }

  private void checkTokens(int[] tokens) {
    if (tokens.length < 1 || tokens.length > LARGEST_BATCH) {
      throw new IllegalArgumentException(
          "a call takes 1 to %d tokens, not %d".formatted(LARGEST_BATCH, tokens.length));
    }
    for (int id : tokens) {
      if (id < 0 || id >= weights.shape().vocabulary()) {
        throw new IllegalArgumentException(
            "token id %d is outside [0, %d) of %s"
                .formatted(id, weights.shape().vocabulary(), weights.path()));
      }
    }
    if (length > Integer.MAX_VALUE - tokens.length) {
      throw new ContextOverflowException(
          "%d tokens after %d are more than can be counted".formatted(tokens.length, length));
    }
  }

  private FloatRows compute(FloatRows activations) {
    weights.requireUnchangedFile();
    MlpGraph graph = graph(activations.count());
    MemorySegment logits =
        library.oneBatchAtATime(
            activations.count(), () -> graph.compute(processor, activations.segment()));
    return new FloatRows(logits, activations.count(), weights.shape().vocabulary());
  }

  private MlpGraph graph(int rows) {
    if (rows == 1) {
      if (single == null) {
        single = new MlpGraph(library.ggml(), weights, 1);
      }
      return single;
    }
    if (many == null || many.rows() != rows) {
      if (many != null) {
        many.close();
        many = null;
      }
      many = new MlpGraph(library.ggml(), weights, rows);
    }
    return many;
  }

  @Override
  public int length() {
    check();
    return length;
  }

  @Override
  public int capacity() {
    check();
    return Integer.MAX_VALUE;
  }

  @Override
  public int maxBatch() {
    check();
    return LARGEST_BATCH;
  }

  @Override
  public void truncate(int newLength) {
    check();
    if (newLength < 0 || newLength > length) {
      throw new IllegalArgumentException(
          "cannot truncate a sequence of %d to %d".formatted(length, newLength));
    }
    length = newLength;
  }

  private void check() {
    checkThread();
    if (closed) {
      throw new ClosedException("this session of " + weights.path() + " is closed");
    }
  }

  private void checkThread() {
    if (Thread.currentThread() != owner) {
      throw new WrongThreadException(
          "this session belongs to the thread %s that opened it".formatted(owner.getName()));
    }
  }

  @Override
  public void close() {
    checkThread();
    if (!closed) {
      closed = true;
      if (single != null) {
        single.close();
      }
      if (many != null) {
        many.close();
      }
      library.ggml().freeProcessor(processor);
      weights.sessionClosed();
    }
  }
}
