package dev.mneme.testing;

import dev.mneme.ClosedException;
import dev.mneme.EngineSession;
import dev.mneme.FloatRows;
import dev.mneme.MemoryModule;
import dev.mneme.MemorySession;
import dev.mneme.Rows;
import dev.mneme.Tap;
import dev.mneme.TappedHost;
import dev.mneme.Vocabulary;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/** A memory in Java that reads the activations of a {@link BigramModel}: one random matrix. */
public class ActivationMemory implements MemoryModule {

  private final String name;
  private final BigramModel host;
  private final TappedHost reads;
  private final float[][] matrix;
  private final AtomicInteger openSessions = new AtomicInteger();
  private volatile boolean closed;

  /** A memory of a host. */
  public ActivationMemory(String name, BigramModel host, Tap tap, long seed) {
    this(name, host, new TappedHost(host.identity().orElseThrow(), tap), seed);
  }

  /** A memory that speaks a host's tokens but says it was trained on another. */
  public ActivationMemory(String name, BigramModel host, TappedHost reads, long seed) {
    this.name = name;
    this.host = host;
    this.reads = reads;
    var random = new Random(seed);
    matrix = new float[host.logitWidth()][reads.host().width()];
    for (float[] row : matrix) {
      for (int i = 0; i < row.length; i++) {
        row[i] = (float) random.nextGaussian();
      }
    }
  }

  /** The row it gives for an activation. */
  public float[] row(float[] activation) {
    float[] logits = new float[matrix.length];
    for (int i = 0; i < logits.length; i++) {
      for (int j = 0; j < activation.length; j++) {
        logits[i] += matrix[i][j] * activation[j];
      }
    }
    return logits;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String digest() {
    return "sha256:" + "%064x".formatted(name.hashCode() & 0xFFFFFFFFL);
  }

  @Override
  public Vocabulary vocabulary() {
    return host.vocabulary();
  }

  @Override
  public int logitWidth() {
    return matrix.length;
  }

  @Override
  public int contextLength() {
    return Integer.MAX_VALUE;
  }

  @Override
  public Optional<TappedHost> reads() {
    return Optional.of(reads);
  }

  public int openSessions() {
    return openSessions.get();
  }

  @Override
  public boolean isClosed() {
    return closed;
  }

  @Override
  public MemorySession openSession(int threads) {
    if (closed) {
      throw new ClosedException(name + " is closed");
    }
    openSessions.incrementAndGet();
    return new ActivationSession();
  }

  @Override
  public void close() {
    closed = true;
  }

  /** Told of the activations of each call, before they are read. */
  protected void shown(FloatRows activations) {}

  private final class ActivationSession extends EngineSession implements MemorySession {

    private static final int MAX_BATCH = 16;

    ActivationSession() {
      super(name, Integer.MAX_VALUE, MAX_BATCH, matrix.length);
    }

    @Override
    public FloatRows recall(int[] tokens, FloatRows activations, Rows rows) {
      shown(activations);
      requireExtendable(tokens);
      int width = reads.host().width();
      requireActivations(activations, tokens, rows, width);
      float[] out = new float[activations.count() * logitWidth()];
      for (int i = 0; i < activations.count(); i++) {
        float[] activation = new float[width];
        for (int j = 0; j < width; j++) {
          activation[j] = activations.get(i, j);
        }
        System.arraycopy(row(activation), 0, out, i * logitWidth(), logitWidth());
      }
      extended(tokens.length);
      return rows(MemorySegment.ofArray(out), activations.count(), logitWidth());
    }

    @Override
    protected void forget(int newLength) {
      // Nothing is kept of the tokens.
    }

    @Override
    protected void release() {
      openSessions.decrementAndGet();
    }
  }
}
