import dev.mneme.Generation;
import dev.mneme.GenerationRequest;
import dev.mneme.HostLoader;
import dev.mneme.MemoryAugmentedModel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * How long a call goes on after its thread was interrupted ("interrupt") or its model closed
 * ("close"). Prints "after N ms: OUTCOME". Arguments: HOST CASE PROMPT_IDS MILLIS
 */
public class Stop {
  public static void main(String[] args) throws Exception {
    int[] prompt = new int[Integer.parseInt(args[2])];
    Arrays.setAll(prompt, i -> 3 + i * 31 % 500);
    GenerationRequest request =
        GenerationRequest.ofIds(prompt).withMaxTokens(20).withStopAtEnd(false);
    var model = MemoryAugmentedModel.over(HostLoader.open(Path.of(args[0])));
    var outcome = new CompletableFuture<String>();
    Thread call = Thread.ofPlatform().start(() -> outcome.complete(outcome(model, request)));
    Thread.sleep(Long.parseLong(args[3]));
    long told = System.nanoTime();
    if (args[1].equals("close")) {
      model.close();
    } else {
      call.interrupt();
    }
    String end = outcome.get(200, TimeUnit.SECONDS);
    System.out.println("after " + (System.nanoTime() - told) / 1_000_000 + " ms: " + end);
  }

  private static String outcome(MemoryAugmentedModel model, GenerationRequest request) {
    try {
      Generation generation = model.generate(request);
      return generation.finish() + " with " + generation.tokens().size() + " tokens";
    } catch (Throwable e) {
      return e.toString();
    }
  }
}
