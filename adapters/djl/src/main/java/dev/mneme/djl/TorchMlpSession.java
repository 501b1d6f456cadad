package dev.mneme.djl;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import dev.mneme.EngineSession;
import dev.mneme.FloatRows;
import dev.mneme.MemorySession;
import dev.mneme.Rows;
import dev.mneme.djl.internal.Torch;
import dev.mneme.store.hf.MlpShape;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A sequence beside a {@link TorchMlpMemory}; owns the rows it gave last. */
final class TorchMlpSession extends EngineSession implements MemorySession {

  /** Bounds the logits of one call: 300 MB with the largest vocabularies in use. */
  private static final int MAX_BATCH = 512;

  private final TorchMlpMemory memory;
  private final MlpShape shape;
  private final PtNDManager manager = Torch.newManager();
  private @Nullable PtNDArray last;

  TorchMlpSession(TorchMlpMemory memory, MlpShape shape) {
    super(memory.name(), Integer.MAX_VALUE, MAX_BATCH, shape.vocabulary());
    this.memory = memory;
    this.shape = shape;
  }

  @Override
  public FloatRows recall(int[] tokens, FloatRows activations, Rows rows) {
    requireExtendable(tokens);
    requireActivations(activations, tokens, rows, shape.input());
    dropLast();
    FloatRows logits =
        activations.count() == 0
            ? new FloatRows(MemorySegment.NULL, 0, shape.vocabulary())
            : compute(activations);
    extended(tokens.length);
    return logits;
  }

  private FloatRows compute(FloatRows activations) {
    PtNDArray logits = memory.logits(manager, activations);
    last = logits;
    MemorySegment values = MemorySegment.ofBuffer(logits.toByteBuffer(/* tryDirect= */ true));
    return new FloatRows(values.asReadOnly(), activations.count(), shape.vocabulary());
  }

  private void dropLast() {
    if (last != null) {
      last.close();
      last = null;
    }
  }

  @Override
  protected void forget(int newLength) {
    // Nothing is kept of the tokens.
  }

  @Override
  protected void release() {
    dropLast();
    manager.close();
  }
}
