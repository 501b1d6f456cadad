package dev.mneme.llamacpp.internal;

import dev.mneme.EngineSession;
import dev.mneme.FloatRows;
import dev.mneme.MemorySession;
import dev.mneme.Rows;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A sequence of an MLP Memory, which keeps nothing of it but its length: every row depends on one
 * activation alone. One graph for single rows stays; one for the last other number of rows is kept
 * beside it.
 */
public final class MlpSession extends EngineSession implements MemorySession {

  private static final int LARGEST_BATCH = 512;

  private final LlamaLibrary library;
  private final MlpWeights weights;
  private final MemorySegment processor;
  private final int threads;
  private final Arena readable = Arena.ofShared(); // logits, by any thread until this is closed
  private @Nullable MlpGraph single;
  private @Nullable MlpGraph many;

  MlpSession(LlamaLibrary library, MlpWeights weights, int threads) {
    super(
        String.valueOf(weights.path()),
        Integer.MAX_VALUE,
        LARGEST_BATCH,
        weights.shape().vocabulary());
    this.library = library;
    this.weights = weights;
    this.threads = threads;
    processor = library.ggml().newProcessor();
  }

  @Override
  public FloatRows recall(int[] tokens, FloatRows activations, Rows rows) {
    requireExtendable(tokens);
    requireActivations(activations, tokens, rows, weights.shape().input());
    FloatRows logits = activations.count() == 0 ? FloatRows.NONE : compute(activations);
    extended(tokens.length);
    return logits;
  }

  private FloatRows compute(FloatRows activations) {
    weights.requireUnchangedWeights();
    MlpGraph graph = graph(activations.count());
    MemorySegment logits =
        library.compute(
            activations.count(),
            threads,
            weights.threadChoice(),
            given -> graph.compute(processor, activations.segment(), given));
    weights.requireUnchangedWeights();
    return rows(
        logits.reinterpret(logits.byteSize(), readable, null),
        activations.count(),
        weights.shape().vocabulary());
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
  protected void forget(int newLength) {
    // Nothing is kept of the tokens.
  }

  @Override
  protected void release() {
    readable.close();
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
