package dev.mneme.testing;

import dev.mneme.ClosedException;
import dev.mneme.EngineSession;
import dev.mneme.FloatRows;
import dev.mneme.HostIdentity;
import dev.mneme.HostModel;
import dev.mneme.HostSession;
import dev.mneme.MemoryModule;
import dev.mneme.MemorySession;
import dev.mneme.Rows;
import dev.mneme.Tap;
import dev.mneme.Tokenizer;
import dev.mneme.Vocabulary;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A language model in Java, host or memory: random logits that depend on the last two tokens. It
 * counts its open sessions, so that a test can tell whether everything was closed.
 *
 * <p>Its vocabulary: id 0 {@code <s>} begins a text, id 1 {@code </s>} ends it, the rest are single
 * ASCII characters from {@code 'a'} on.
 */
public final class BigramModel implements HostModel, MemoryModule {

  /** Blocks this host claims to have. */
  public static final int BLOCKS = 3;

  /** Floats of {@link #activation}. */
  public static final int ACTIVATION_WIDTH = 4;

  private static final int MAX_BATCH = 16;

  private final String name;
  private final Vocabulary vocabulary;
  private final float[][] logits;
  private final int width;
  private final int contextLength;
  private final AtomicInteger openSessions = new AtomicInteger();
  private volatile boolean closed;

  /** A model of 20 ids and a context of 64. */
  public BigramModel(String name, long seed) {
    this(name, seed, 20, 20, 64);
  }

  /** A model whose rows may be wider than its vocabulary. */
  public BigramModel(String name, long seed, int vocabularySize, int width, int contextLength) {
    this(name, seed, vocabularySize, width, contextLength, List.of());
  }

  /** A model of 20 ids and then these marks. */
  public BigramModel(String name, long seed, List<String> marks) {
    this(name, seed, 20, 20 + marks.size(), 64, marks);
  }

  private BigramModel(
      String name,
      long seed,
      int vocabularySize,
      int width,
      int contextLength,
      List<String> marks) {
    this.name = name;
    this.width = width;
    this.contextLength = contextLength;
    Vocabulary.Builder builder =
        Vocabulary.builder()
            .add("<s>", Vocabulary.Kind.CONTROL)
            .add("</s>", Vocabulary.Kind.CONTROL)
            .bos(0)
            .end(1);
    for (int id = 2; id < vocabularySize; id++) {
      builder.add(Character.toString('a' + id - 2), Vocabulary.Kind.TEXT);
    }
    marks.forEach(mark -> builder.add(mark, Vocabulary.Kind.CONTROL));
    vocabulary = builder.build();
    var random = new Random(seed);
    logits = new float[width * width][width];
    for (float[] row : logits) {
      for (int i = 0; i < width; i++) {
        row[i] = (float) (3 * random.nextGaussian());
      }
    }
  }

  /** The row that follows two tokens; a test may change it. */
  public float[] row(int before, int last) {
    return logits[before * width + last];
  }

  /** Sets every logit of every row. */
  public BigramModel fill(float value) {
    for (float[] row : logits) {
      Arrays.fill(row, value);
    }
    return this;
  }

  public int openSessions() {
    return openSessions.get();
  }

  @Override
  public boolean isClosed() {
    return closed;
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
    return vocabulary;
  }

  @Override
  public Tokenizer tokenizer() {
    return new Tokenizer() {
      @Override
      public int[] encode(String text, boolean addBos, boolean parseSpecial) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        int offset = addBos ? 1 : 0;
        int[] ids = new int[bytes.length + offset];
        for (int i = 0; i < bytes.length; i++) {
          ids[i + offset] = bytes[i] - 'a' + 2;
        }
        return ids;
      }

      @Override
      public Vocabulary vocabulary() {
        return vocabulary;
      }

      @Override
      public boolean addsLeadingSpace() {
        return false;
      }
    };
  }

  @Override
  public int logitWidth() {
    return width;
  }

  @Override
  public int contextLength() {
    return contextLength;
  }

  @Override
  public Optional<HostIdentity> identity() {
    return Optional.of(new HostIdentity("bigram", ACTIVATION_WIDTH, BLOCKS, digest()));
  }

  @Override
  public OptionalInt activationWidth(Tap tap) {
    return tap.isIn(BLOCKS) ? OptionalInt.of(ACTIVATION_WIDTH) : OptionalInt.empty();
  }

  /**
   * What this host shows at a tap after two tokens: their ids, the block and the point.
   *
   * @return {@link #ACTIVATION_WIDTH} floats
   */
  public static float[] activation(Tap tap, int before, int last) {
    return new float[] {
      before, last, tap.blockOf(BLOCKS), tap.point() == Tap.Point.BLOCK_OUTPUT ? 1 : 0
    };
  }

  @Override
  public BigramSession openSession(int threads, Set<Tap> taps) {
    for (Tap tap : taps) {
      if (activationWidth(tap).isEmpty()) {
        throw new IllegalArgumentException("no activations at " + tap);
      }
    }
    if (closed) {
      throw new ClosedException(name + " is closed");
    }
    openSessions.incrementAndGet();
    return new BigramSession(taps);
  }

  @Override
  public BigramSession openSession(int threads) {
    return openSession(threads, Set.of());
  }

  @Override
  public void close() {
    if (openSessions.get() > 0) {
      throw new IllegalStateException(openSessions + " sessions of " + name + " are open");
    }
    closed = true;
  }

  /** A session of either kind. */
  public final class BigramSession extends EngineSession implements HostSession, MemorySession {

    private final int[] sequence = new int[contextLength];
    private final Set<Tap> taps;
    private int rows;

    private BigramSession(Set<Tap> taps) {
      super(name, contextLength, MAX_BATCH, width);
      this.taps = Set.copyOf(taps);
    }

    @Override
    public FloatRows forward(int[] tokens, Rows wanted) {
      requireExtendable(tokens);
      rows = wanted.count(tokens.length);
      int first = tokens.length - rows;
      float[] out = new float[rows * width];
      for (int i = 0; i < tokens.length; i++) {
        int at = past();
        int before = at == 0 ? 0 : sequence[at - 1];
        sequence[at] = tokens[i];
        extended(1);
        if (i >= first) {
          System.arraycopy(row(before, tokens[i]), 0, out, (i - first) * width, width);
        }
      }
      return rows(MemorySegment.ofArray(out), rows, width);
    }

    @Override
    public FloatRows activations(Tap tap) {
      requireUsable();
      if (!taps.contains(tap)) {
        throw new IllegalArgumentException("opened without " + tap);
      }
      float[] out = new float[rows * ACTIVATION_WIDTH];
      for (int i = 0; i < rows; i++) {
        int at = past() - rows + i;
        float[] row = activation(tap, at == 0 ? 0 : sequence[at - 1], sequence[at]);
        System.arraycopy(row, 0, out, i * ACTIVATION_WIDTH, ACTIVATION_WIDTH);
      }
      return rows(MemorySegment.ofArray(out), rows, ACTIVATION_WIDTH);
    }

    @Override
    public FloatRows recall(int[] tokens, FloatRows activations, Rows rows) {
      return forward(tokens, rows);
    }

    @Override
    protected void forget(int newLength) {
      // What lies behind is written over.
    }

    @Override
    protected void release() {
      openSessions.decrementAndGet();
    }
  }
}
