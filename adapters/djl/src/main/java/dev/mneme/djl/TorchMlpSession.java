package dev.mneme.djl;

import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.mneme.EngineSession;
import dev.mneme.FloatRows;
import dev.mneme.MemorySession;
import dev.mneme.Rows;
import dev.mneme.djl.internal.Torch;
import dev.mneme.store.hf.MlpShape;

/** A sequence beside a {@link TorchMlpMemory}; owns the rows it gave last. */
final class TorchMlpSession extends EngineSession implements MemorySession {

  private final LoadedNetwork network;
  private final MlpShape shape;
  private final PtNDManager manager = Torch.newProcessorManager();
  private Buffers buffers;

  /** Where the script finds activations and leaves logits. */
  private record Buffers(SharedRows activations, SharedRows logits) {

    void close() {
      activations.close();
      logits.close();
    }
  }

  TorchMlpSession(String name, LoadedNetwork network, MlpShape shape, int maxBatch) {
    super(
        name,
        Integer.MAX_VALUE,
        Math.min(maxBatch, SharedRows.mostRows(Math.max(shape.input(), shape.vocabulary()))),
        shape.vocabulary());
    this.network = network;
    this.shape = shape;
    buffers = newBuffers(1);
  }

  private Buffers newBuffers(int rows) {
    var activations = new SharedRows(manager, rows, shape.input());
    try {
      return new Buffers(activations, new SharedRows(manager, rows, shape.vocabulary()));
    } catch (RuntimeException | Error e) {
      activations.close();
      throw e;
    }
  }

  @Override
  public FloatRows recall(int[] tokens, FloatRows given, Rows wanted) {
    requireExtendable(tokens);
    requireActivations(given, tokens, wanted, shape.input());
    int rows = given.count();
    if (rows > buffers.logits().capacity()) {
      Buffers larger = newBuffers(rows);
      buffers.close();
      buffers = larger;
    }
    if (rows > 0) {
      buffers.activations().set(given);
      run(rows);
    }
    extended(tokens.length);
    return rows(buffers.logits().read(rows), rows, shape.vocabulary());
  }

  private void run(int rows) {
    try (IValue count = IValue.from((long) rows);
        IValue input = IValue.from(buffers.activations().tensor());
        IValue output = IValue.from(buffers.logits().tensor())) {
      network.script().run("forward", count, input, output, network.weights()).close();
    }
  }

  @Override
  protected void forget(int newLength) {
    // Nothing is kept of the tokens.
  }

  @Override
  protected void release() {
    try {
      buffers.close();
      manager.close();
    } finally {
      network.sessionClosed();
    }
  }
}
