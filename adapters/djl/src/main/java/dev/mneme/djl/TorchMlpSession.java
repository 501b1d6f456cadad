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
  private SharedRows activations;
  private SharedRows logits;

  TorchMlpSession(String name, LoadedNetwork network, MlpShape shape, int maxBatch) {
    super(name, Integer.MAX_VALUE, maxBatch, shape.vocabulary());
    this.network = network;
    this.shape = shape;
    activations = new SharedRows(manager, 1, shape.input());
    logits = new SharedRows(manager, 1, shape.vocabulary());
  }

  @Override
  public FloatRows recall(int[] tokens, FloatRows given, Rows wanted) {
    requireExtendable(tokens);
    requireActivations(given, tokens, wanted, shape.input());
    network.requireUnchangedFiles();
    int rows = given.count();
    if (rows > logits.capacity()) {
      activations.close();
      logits.close();
      activations = new SharedRows(manager, rows, shape.input());
      logits = new SharedRows(manager, rows, shape.vocabulary());
    }
    if (rows > 0) {
      activations.set(given);
      run(rows);
    }
    extended(tokens.length);
    return logits.rows(rows);
  }

  private void run(int rows) {
    try (IValue count = IValue.from((long) rows);
        IValue input = IValue.from(activations.tensor());
        IValue output = IValue.from(logits.tensor())) {
      network.script().run("forward", count, input, output, network.weights()).close();
    }
  }

  @Override
  protected void forget(int newLength) {
    // Nothing is kept of the tokens.
  }

  @Override
  protected void release() {
    activations.close();
    logits.close();
    manager.close();
    network.sessionClosed();
  }
}
