import dev.mneme.Generation;
import dev.mneme.GenerationRequest;
import dev.mneme.HostLoader;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.ModelOptions;
import dev.mneme.store.MemoryLoader;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * What a call costs beside computing, as a ratio. "short": the whole time of calls of one token over
 * what they report for prompt and decoding. "prefix": the prompt time of 400 ids and 5 more over
 * that of the 400 just before. Arguments: HOST MEMORY|- CASE
 */
public class PerCall {
  public static void main(String[] args) {
    ModelOptions oneCore = ModelOptions.defaults().withCores(1);
    try (var model = MemoryAugmentedModel.over(HostLoader.open(Path.of(args[0])), oneCore)) {
      if (!args[1].equals("-")) {
        model.attach(MemoryLoader.open(Path.of(args[1]), model.host()), LambdaPolicy.fixed(0.5));
      }
      System.out.println("ratio " + (args[2].equals("short") ? shortCalls(model) : prefix(model)));
    }
  }

  private static double shortCalls(MemoryAugmentedModel model) {
    GenerationRequest request = GenerationRequest.of("The court").withMaxTokens(1);
    for (int i = 0; i < 20; i++) {
      model.generate(request);
    }
    long whole = 0;
    long computing = 0;
    for (int i = 0; i < 40; i++) {
      long start = System.nanoTime();
      Generation generation = model.generate(request);
      whole += System.nanoTime() - start;
      computing += generation.promptTime().plus(generation.decodeTime()).toNanos();
    }
    return (double) whole / computing;
  }

  private static double prefix(MemoryAugmentedModel model) {
    int[] longer = new int[405];
    Arrays.setAll(longer, i -> 3 + i * 31 % 500);
    long first = 0;
    long second = 0;
    for (int i = 0; i < 12; i++) {
      longer[0] = 3 + i; // a conversation of its own each time
      long before = promptNanos(model, Arrays.copyOf(longer, 400));
      long after = promptNanos(model, longer);
      if (i >= 4) {
        first += before;
        second += after;
      }
    }
    return (double) second / first;
  }

  private static long promptNanos(MemoryAugmentedModel model, int[] ids) {
    return model.generate(GenerationRequest.ofIds(ids).withMaxTokens(1)).promptTime().toNanos();
  }
}
