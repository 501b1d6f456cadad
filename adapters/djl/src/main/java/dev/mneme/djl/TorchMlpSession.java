package dev.mneme.djl;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import com.google.common.base.Preconditions;
import dev.mneme.ClosedException;
import dev.mneme.ContextOverflowException;
import dev.mneme.FloatRows;
import dev.mneme.MemorySession;
import dev.mneme.Rows;
import dev.mneme.djl.internal.Torch;
import dev.mneme.store.hf.MlpShape;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A sequence beside a {@link TorchMlpMemory}; owns the rows it gave last. */
final class TorchMlpSession implements MemorySession {

  /** Bounds the logits of one call: 300 MB with the largest vocabularies in use. */
  private static final int MAX_BATCH = 512;

  private final Thread owner = Thread.currentThread();
  private final TorchMlpMemory memory;
  private final MlpShape shape;
  private final PtNDManager manager = Torch.newManager();
  private @Nullable PtNDArray last;
  private int length;
  private boolean open = true;

  TorchMlpSession(TorchMlpMemory memory, MlpShape shape) {
    this.memory = memory;
    this.shape = shape;
  }

  private void checkThread() {
    if (Thread.currentThread() != owner) {
      throw new WrongThreadException(
          "this session belongs to %s, not to %s".formatted(owner, Thread.currentThread()));
    }
  }

  private void check() {
    checkThread();
    if (!open) {
      throw new ClosedException("this session of %s is closed".formatted(memory.name()));
    }
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
    Preconditions.checkArgument(
        activations.count() == wanted && (wanted == 0 || activations.width() == shape.input()),
        "%s activations of width %s expected, found %s of width %s",
        wanted,
        shape.input(),
        activations.count(),
        activations.width());
    if (tokens.length > capacity() - length) {
      throw new ContextOverflowException(
          "%d tokens do not fit behind %d: a session holds %d"
              .formatted(tokens.length, length, capacity()));
    }
    forget();
    FloatRows logits =
        wanted == 0
            ? new FloatRows(MemorySegment.NULL, 0, shape.vocabulary())
            : compute(activations);
    length += tokens.length;
    return logits;
  }

  private void checkTokens(int[] tokens) {
    Preconditions.checkArgument(
        tokens.length >= 1 && tokens.length <= MAX_BATCH,
        "1 to %s tokens in one call expected, found %s",
        MAX_BATCH,
        tokens.length);
    for (int token : tokens) {
      Preconditions.checkArgument(
          token >= 0 && token < shape.vocabulary(),
          "token id %s is not in [0, %s)",
          token,
          shape.vocabulary());
    }
  }

  private FloatRows compute(FloatRows activations) {
    PtNDArray logits = memory.logits(manager, activations);
    last = logits;
    MemorySegment values = MemorySegment.ofBuffer(logits.toByteBuffer(/* tryDirect= */ true));
    return new FloatRows(values.asReadOnly(), activations.count(), shape.vocabulary());
  }

  private void forget() {
    if (last != null) {
      last.close();
      last = null;
    }
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
    return MAX_BATCH;
  }

  @Override
  public void truncate(int newLength) {
    check();
    Preconditions.checkArgument(
        newLength >= 0 && newLength <= length,
        "a sequence of %s cannot be truncated to %s",
        length,
        newLength);
    length = newLength;
  }

  @Override
  public void close() {
    checkThread();
    if (open) {
      open = false;
      forget();
      manager.close();
    }
  }
}
