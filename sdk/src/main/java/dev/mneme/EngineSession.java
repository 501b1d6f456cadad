package dev.mneme;

import com.google.common.base.Preconditions;
import java.lang.foreign.MemorySegment;

/**
 * What engines' sessions have in common: whose thread may call, whether the session is open, which
 * tokens fit, and how long the sequence is. An engine adds the arithmetic and what it keeps of the
 * past. Owned and used as {@link Session} says.
 */
public abstract class EngineSession implements Session {

  private final Thread owner = Thread.currentThread();
  private final String model;
  private final int capacity;
  private final int maxBatch;
  private final int logitWidth;
  private int length;
  private boolean closed;
  private volatile int calls; // other threads read rows, and ask whether they are valid

  /**
   * An empty sequence of the calling thread.
   *
   * @param model what it is a session of, for messages
   * @param capacity tokens it may have; the largest integer if it keeps none of them
   * @param maxBatch tokens one call may bring
   * @param logitWidth ids are below this
   */
  protected EngineSession(String model, int capacity, int maxBatch, int logitWidth) {
    this.model = model;
    this.capacity = capacity;
    this.maxBatch = maxBatch;
    this.logitWidth = logitWidth;
  }

  /** Called once, by the owner, when the session is closed. */
  protected abstract void release();

  /**
   * Called before the sequence gets shorter.
   *
   * @param newLength tokens that stay
   */
  protected abstract void forget(int newLength);

  /** Throws unless the caller may use this session. */
  protected final void requireUsable() {
    requireOwner();
    if (closed) {
      throw new ClosedException("this session of %s is closed".formatted(model));
    }
  }

  private void requireOwner() {
    if (Thread.currentThread() != owner) {
      throw new WrongThreadException(
          "this session belongs to the thread %s that opened it, not to %s"
              .formatted(owner.getName(), Thread.currentThread().getName()));
    }
  }

  /** Throws unless the caller may append these tokens. */
  protected final void requireExtendable(int[] tokens) {
    requireUsable();
    Preconditions.checkArgument(
        tokens.length >= 1 && tokens.length <= maxBatch,
        "a call takes 1 to %s tokens, not %s",
        maxBatch,
        tokens.length);
    for (int token : tokens) {
      Preconditions.checkArgument(
          token >= 0 && token < logitWidth,
          "token id %s is outside [0, %s) of %s",
          token,
          logitWidth,
          model);
    }
    if (tokens.length > capacity - length) {
      throw overflow(tokens.length);
    }
    invalidateRows();
  }

  /**
   * Rows that the current call leaves: valid until this session is extended, truncated or closed.
   *
   * @param segment {@code count * width} floats, which any thread may read
   */
  protected final FloatRows rows(MemorySegment segment, int count, int width) {
    return new FloatRows(segment, count, width, this);
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // the owner alone writes
  private void invalidateRows() {
    calls++;
  }

  /** How often rows became invalid. */
  final int calls() {
    return calls;
  }

  /** What it is a session of. */
  final String model() {
    return model;
  }

  /**
   * Throws unless a memory that reads activations was given those it needs.
   *
   * @param tokens appended by the call
   * @param width floats in an activation
   */
  protected static void requireActivations(
      FloatRows activations, int[] tokens, Rows rows, int width) {
    int wanted = rows.count(tokens.length);
    Preconditions.checkArgument(
        activations.count() == wanted && (wanted == 0 || activations.width() == width),
        "%s activations of %s floats for %s rows, expected one of %s floats for each",
        activations.count(),
        activations.width(),
        wanted,
        width);
  }

  /** What an engine throws when it finds that tokens do not fit. */
  protected final ContextOverflowException overflow(int more) {
    return new ContextOverflowException(
        "%d tokens after %d do not fit the context of %d of %s"
            .formatted(more, length, capacity, model));
  }

  /** Notes that tokens were appended. */
  protected final void extended(int tokens) {
    length += tokens;
  }

  /** Tokens in the sequence, without a check; for the engine. */
  protected final int past() {
    return length;
  }

  @Override
  public final int length() {
    requireUsable();
    return length;
  }

  @Override
  public final int capacity() {
    requireUsable();
    return capacity;
  }

  @Override
  public final int maxBatch() {
    requireUsable();
    return maxBatch;
  }

  @Override
  public final void truncate(int newLength) {
    requireUsable();
    Preconditions.checkArgument(
        newLength >= 0 && newLength <= length,
        "cannot truncate a sequence of %s to %s",
        length,
        newLength);
    invalidateRows();
    forget(newLength);
    length = newLength;
  }

  @Override
  public final void close() {
    requireOwner();
    if (!closed) {
      closed = true;
      invalidateRows();
      release();
    }
  }
}
