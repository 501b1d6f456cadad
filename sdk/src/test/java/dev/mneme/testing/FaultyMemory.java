package dev.mneme.testing;

import dev.mneme.FloatRows;
import dev.mneme.MemoryModule;
import dev.mneme.MemorySession;
import dev.mneme.Rows;
import dev.mneme.Vocabulary;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A memory that gives other rows than it should, or says something wrong about itself. */
public class FaultyMemory implements MemoryModule {

  private final BigramModel model;
  private final Function<FloatRows, @Nullable FloatRows> fault;

  /**
   * A memory like another but for its rows.
   *
   * @param fault makes of the right rows the wrong ones
   */
  public FaultyMemory(BigramModel model, Function<FloatRows, @Nullable FloatRows> fault) {
    this.model = model;
    this.fault = fault;
  }

  @Override
  public String name() {
    return model.name();
  }

  @Override
  public String digest() {
    return model.digest();
  }

  @Override
  public Vocabulary vocabulary() {
    return model.vocabulary();
  }

  @Override
  public int logitWidth() {
    return model.logitWidth();
  }

  @Override
  public int contextLength() {
    return model.contextLength();
  }

  @Override
  public MemorySession openSession(int threads) {
    return new FaultySession(model.openSession(threads));
  }

  @Override
  public void close() {
    model.close();
  }

  private final class FaultySession implements MemorySession {

    private final MemorySession session;

    FaultySession(MemorySession session) {
      this.session = session;
    }

    @Override
    @SuppressWarnings("NullAway") // the fault may be null
    public FloatRows recall(int[] tokens, FloatRows activations, Rows rows) {
      return fault.apply(session.recall(tokens, activations, rows));
    }

    @Override
    public int length() {
      return session.length();
    }

    @Override
    public int capacity() {
      return session.capacity();
    }

    @Override
    public int maxBatch() {
      return session.maxBatch();
    }

    @Override
    public void truncate(int length) {
      session.truncate(length);
    }

    @Override
    public void close() {
      session.close();
    }
  }
}
