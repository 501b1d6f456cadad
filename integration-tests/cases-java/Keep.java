import dev.mneme.Distribution;
import dev.mneme.FloatRows;
import dev.mneme.GenerationRequest;
import dev.mneme.HostLoader;
import dev.mneme.HostModel;
import dev.mneme.HostSession;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MemoryModule;
import dev.mneme.MemorySession;
import dev.mneme.Rows;
import dev.mneme.Vocabulary;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.DoubleSupplier;

/**
 * Reads a value after the call it was shown in: a distribution that a policy kept ("policy"), or
 * rows of a session that is closed ("rows"). Prints "refused EXCEPTION", or "same" or "other" with
 * both numbers. Arguments: HOST CASE
 */
public class Keep {
  private static final int TOKEN = 403;

  public static void main(String[] args) {
    try (HostModel host = HostLoader.open(Path.of(args[0]))) {
      if (args[1].equals("rows")) {
        keepRows(host);
      } else {
        keepDistribution(host);
      }
    }
  }

  private static void keepRows(HostModel host) {
    FloatRows rows;
    double before;
    try (HostSession session = host.openSession(1)) {
      rows = session.forward(new int[] {1, TOKEN, 407}, Rows.LAST);
      before = rows.get(0, 7);
    }
    report(before, () -> rows.get(0, 7));
  }

  private static void keepDistribution(HostModel host) {
    var kept = new AtomicReference<Distribution>();
    var seen = new AtomicReference<Double>();
    try (var model = MemoryAugmentedModel.over(host)) {
      model.attach(
          new Uniform(host.vocabulary(), host.logitWidth()),
          (ofHost, ofMemory) -> {
            if (kept.compareAndSet(null, ofHost)) {
              seen.set(ofHost.logProbability(TOKEN));
            }
            return 0.5;
          });
      model.generate(GenerationRequest.ofIds(1).withMaxTokens(2));
      report(seen.get(), () -> kept.get().logProbability(TOKEN));
    }
  }

  private static void report(double before, DoubleSupplier read) {
    try {
      double now = read.getAsDouble();
      System.out.println((now == before ? "same " : "other ") + before + " " + now);
    } catch (RuntimeException e) {
      System.out.println("refused " + e);
    }
  }

  record Uniform(Vocabulary vocabulary, int logitWidth) implements MemoryModule {
    @Override
    public String name() {
      return "uniform";
    }

    @Override
    public String digest() {
      return "sha256:" + "0".repeat(64);
    }

    @Override
    public int contextLength() {
      return UniformSession.CONTEXT;
    }

    @Override
    public MemorySession openSession(int threads) {
      return new UniformSession(logitWidth);
    }

    @Override
    public void close() {}
  }

  static final class UniformSession implements MemorySession {
    static final int CONTEXT = 512;
    private final int width;
    private int length;

    UniformSession(int width) {
      this.width = width;
    }

    @Override
    public FloatRows recall(int[] ids, FloatRows activations, Rows rows) {
      length += ids.length;
      return FloatRows.of(new float[rows.count(ids.length) * width], width);
    }

    @Override
    public int length() {
      return length;
    }

    @Override
    public int capacity() {
      return CONTEXT;
    }

    @Override
    public int maxBatch() {
      return CONTEXT;
    }

    @Override
    public void truncate(int newLength) {
      length = newLength;
    }

    @Override
    public void close() {}
  }
}
