import dev.mneme.GenerationRequest;
import dev.mneme.HostLoader;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MemoryModule;
import dev.mneme.MnemeException;
import dev.mneme.store.MemoryLoader;
import java.nio.file.Path;

/**
 * Uses one memory again and prints "works: TEXT", "early: MESSAGE" where that was refused at once,
 * or "late: MESSAGE". Arguments: HOST MEMORY CASE, one of quiet, same, detached, closed, "two
 * models" and "two owners".
 */
public class Swap {
  private static final LambdaPolicy HALF = LambdaPolicy.fixed(0.5);
  private static final LambdaPolicy MORE = LambdaPolicy.fixed(0.7);

  public static void main(String[] args) {
    Path host = Path.of(args[0]);
    try (var model = MemoryAugmentedModel.over(HostLoader.open(host))) {
      use(args[2], model, MemoryLoader.open(Path.of(args[1]), model.host()), host);
      System.out.println(generated(model));
    } catch (MnemeException | IllegalArgumentException e) {
      System.out.println("early: " + e.getMessage());
    }
  }

  private static void use(String what, MemoryAugmentedModel model, MemoryModule memory, Path host) {
    switch (what) {
      case "quiet" -> model.attach(memory, HALF);
      case "same" -> {
        model.attach(memory, HALF);
        model.swap(memory.name(), memory, MORE);
      }
      case "detached" -> {
        model.attach(memory, HALF);
        model.detach(memory.name());
        model.attach(memory, MORE);
      }
      case "closed" -> {
        memory.close();
        model.attach(memory, MORE);
      }
      case "two models" -> {
        model.attach(memory, MORE);
        try (var other = MemoryAugmentedModel.over(HostLoader.open(host))) {
          other.attach(memory, MORE);
        }
      }
      case "two owners" -> MemoryAugmentedModel.over(model.host()).close();
      default -> throw new IllegalArgumentException("no case named " + what);
    }
  }

  private static String generated(MemoryAugmentedModel model) {
    try {
      return "works: "
          + model.generate(GenerationRequest.of("The court held").withMaxTokens(4)).text();
    } catch (MnemeException e) {
      return "late: accepted, then " + e.getMessage();
    }
  }
}
