import dev.mneme.GenerationRequest;
import dev.mneme.HostLoader;
import dev.mneme.HostModel;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MnemeException;
import dev.mneme.Perplexity;
import dev.mneme.Sampling;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * Makes single calls with odd arguments and prints for each "CALL: OUTCOME", the outcome beginning
 * with returned, typed or untyped. Arguments: HOST CALL...
 */
public class Calls {
  private final Path path;
  private final HostModel host;
  private final MemoryAugmentedModel model;
  private final GenerationRequest request = GenerationRequest.of("Once upon a time").withMaxTokens(4);

  Calls(Path path, HostModel host, MemoryAugmentedModel model) {
    this.path = path;
    this.host = host;
    this.model = model;
  }

  public static void main(String[] args) {
    Path path = Path.of(args[0]);
    HostModel host = HostLoader.open(path);
    try (var model = MemoryAugmentedModel.over(host)) {
      var calls = new Calls(path, host, model);
      for (String name : List.of(args).subList(1, args.length)) {
        System.out.println(name + ": " + outcome(calls.named(name)).replace("\n", " "));
      }
    }
  }

  private static String outcome(Callable<?> call) {
    try {
      return "returned " + call.call();
    } catch (MnemeException | IllegalArgumentException e) {
      return "typed " + e.getMessage();
    } catch (Throwable e) {
      return "untyped " + e;
    }
  }

  private Callable<?> named(String name) {
    return switch (name) {
      case "temperature 1e-310" -> () -> text(Sampling.of(1e-310));
      case "temperature min" -> () -> text(Sampling.of(Double.MIN_VALUE));
      case "window max" -> () -> text(Sampling.of(1).withRepetitionPenalty(1.3, Integer.MAX_VALUE));
      case "window large" -> () -> text(Sampling.of(1).withRepetitionPenalty(1.3, Integer.MAX_VALUE - 8));
      case "score id -1" -> () -> model.score(1, -1);
      case "score id 99999" -> () -> model.score(1, 99999);
      case "perplexity id -1" -> () -> perplexity(1, -1);
      case "perplexity of nothing" -> () -> perplexity();
      case "decode id -1" -> () -> host.tokenizer().decode(new int[] {-1});
      case "decode id 512" -> () -> host.tokenizer().decode(new int[] {512});
      case "describe -1" -> () -> host.vocabulary().describe(-1);
      case "kind -1" -> () -> host.vocabulary().kind(-1);
      case "bytes 512" -> () -> host.vocabulary().bytes(512);
      case "prompt null" -> () -> GenerationRequest.of(null);
      case "stop null" -> () -> request.withStopStrings(Arrays.asList("a", null));
      case "attach null" -> () -> {
        model.attach(null, LambdaPolicy.fixed(0.5));
        return "";
      };
      case "swap null" -> () -> {
        model.swap(null, null, LambdaPolicy.fixed(0.5));
        return "";
      };
      case "interrupted open" -> this::openWhileInterrupted;
      default -> throw new IllegalArgumentException("no call named " + name);
    };
  }

  private String text(Sampling sampling) {
    return model.generate(request.withSampling(sampling)).text();
  }

  private Perplexity.Result perplexity(int... ids) {
    try (var perplexity = new Perplexity(model, 16, 8)) {
      perplexity.add(ids);
      return perplexity.result();
    }
  }

  private HostModel openWhileInterrupted() {
    Thread.currentThread().interrupt();
    try (HostModel second = HostLoader.open(path)) {
      return second;
    } finally {
      Thread.interrupted();
    }
  }
}
