import dev.mneme.GenerationRequest;
import dev.mneme.HostLoader;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MnemeException;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;

/**
 * Gives a prompt far too long for the context, and a short call beside it. Prints "beside N ms;
 * refused in N ms: MESSAGE". Arguments: HOST CHARACTERS TEXT
 */
public class LongPrompt {
  private static final long NANOS = 1_000_000;

  public static void main(String[] args) throws Exception {
    String prompt = args[2].repeat(Integer.parseInt(args[1]) / args[2].length());
    try (var model = MemoryAugmentedModel.over(HostLoader.open(Path.of(args[0])))) {
      GenerationRequest small = GenerationRequest.of("Once upon a time").withMaxTokens(2);
      model.generate(small); // loads what a first call loads
      var large = new FutureTask<>(() -> outcome(model, prompt));
      Thread.ofPlatform().start(large);
      Thread.sleep(50);
      long start = System.nanoTime();
      model.generate(small);
      long beside = (System.nanoTime() - start) / NANOS;
      System.out.println("beside " + beside + " ms; " + large.get());
    }
  }

  private static String outcome(MemoryAugmentedModel model, String prompt) {
    long start = System.nanoTime();
    try {
      model.generate(GenerationRequest.of(prompt).withMaxTokens(2));
      return "accepted";
    } catch (MnemeException e) {
      return "refused in " + (System.nanoTime() - start) / NANOS + " ms: " + e.getMessage();
    }
  }
}
