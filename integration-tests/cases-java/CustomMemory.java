import dev.mneme.Distribution;
import dev.mneme.FloatRows;
import dev.mneme.GenerationRequest;
import dev.mneme.HostLoader;
import dev.mneme.HostModel;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MemoryModule;
import dev.mneme.MemorySession;
import dev.mneme.MnemeException;
import dev.mneme.Rows;
import dev.mneme.Vocabulary;
import java.nio.file.Path;
import java.util.OptionalDouble;

/**
 * Attaches a memory or policy that breaks its contract and prints what comes of it. Arguments: HOST
 * FAULT, one of "narrow rows", "too many rows", "no rows", "null" and "lambda NaN".
 */
public class CustomMemory {
  private static final int CONTEXT = 512;

  public static void main(String[] args) {
    String fault = args[1];
    try (HostModel host = HostLoader.open(Path.of(args[0]));
        var model = MemoryAugmentedModel.over(host)) {
      model.attach(new Faulty(fault, host.vocabulary(), host.logitWidth()), policy(fault));
      String text = model.generate(GenerationRequest.of("Once upon").withMaxTokens(3)).text();
      System.out.println("accepted: " + text);
    } catch (MnemeException | IllegalArgumentException e) {
      System.out.println("typed: " + e.getMessage());
    } catch (RuntimeException e) {
      System.out.println("untyped: " + e);
    }
  }

  private static LambdaPolicy policy(String fault) {
    if (!fault.equals("lambda NaN")) {
      return LambdaPolicy.fixed(0.5);
    }
    return new LambdaPolicy() {
      @Override
      public double lambda(Distribution host, Distribution memory) {
        return 0.5;
      }

      @Override
      public OptionalDouble fixed() {
        return OptionalDouble.of(Double.NaN);
      }
    };
  }

  record Faulty(String fault, Vocabulary vocabulary, int logitWidth) implements MemoryModule {
    @Override
    public String name() {
      return "own";
    }

    @Override
    public String digest() {
      return "sha256:" + "0".repeat(64);
    }

    @Override
    public int contextLength() {
      return CONTEXT;
    }

    @Override
    public MemorySession openSession(int threads) {
      return new FaultySession(fault, logitWidth);
    }

    @Override
    public void close() {}
  }

  static final class FaultySession implements MemorySession {
    private final String fault;
    private final int width;
    private int length;

    FaultySession(String fault, int width) {
      this.fault = fault;
      this.width = width;
    }

    @Override
    public FloatRows recall(int[] ids, FloatRows activations, Rows rows) {
      length += ids.length;
      int wanted = rows.count(ids.length);
      return switch (fault) {
        case "null" -> null;
        case "no rows" -> zeros(0, width);
        case "too many rows" -> zeros(wanted + 2, width);
        case "narrow rows" -> zeros(wanted, width - 12);
        default -> zeros(wanted, width);
      };
    }

    private static FloatRows zeros(int count, int width) {
      return FloatRows.of(new float[count * width], width);
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
