package dev.mneme.samples;

import dev.mneme.GeneratedToken;
import dev.mneme.Generation;
import dev.mneme.GenerationRequest;
import dev.mneme.HostLoader;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MemoryUse;
import dev.mneme.Sampling;
import dev.mneme.store.ClassPathModels;
import dev.mneme.store.MemoryLoader;
import java.util.Locale;

/**
 * Explains a generation token by token: how likely it was, and which part of that probability came
 * from the host and from each memory. The parts, λᵢ·pᵢ / p, are exact in a mixture and add up to
 * the whole.
 */
public final class WhoWroteWhat {

  private WhoWroteWhat() {}

  /**
   * Runs it.
   *
   * @param args the text to continue
   */
  public static void main(String[] args) {
    String prompt = args.length > 0 ? args[0] : "The court held that the company's revenue";
    var host = HostLoader.open(ClassPathModels.here().host("host-3m"));
    try (var model = MemoryAugmentedModel.over(host)) {
      model.attach(MemoryLoader.open("law", host), LambdaPolicy.fixed(0.4));
      model.attach(MemoryLoader.open("finance", host), LambdaPolicy.fixed(0.4));
      Sampling sampling = Sampling.greedy().withRepetitionPenalty(1.3, 64);
      Generation generation =
          model.generate(GenerationRequest.of(prompt).withMaxTokens(24).withSampling(sampling));
      System.out.printf("%s%s%n%n%-16s%12s", prompt, generation.text(), "token", "probability");
      System.out.printf("%10s", "host");
      for (MemoryUse memory : generation.memories()) {
        System.out.printf("%10s", memory.name());
      }
      System.out.println();
      for (GeneratedToken token : generation.tokens()) {
        print(token);
      }
      for (MemoryUse memory : generation.memories()) {
        System.out.printf(
            "%n%s with lambda %s, content %s", memory.name(), memory.lambda(), memory.digest());
      }
      System.out.println();
    }
  }

  private static void print(GeneratedToken token) {
    String text = "\"" + token.text().replace("\n", "\\n") + "\"";
    double host =
        1
            - token.shares().values().stream()
                .mapToDouble(share -> share)
                .sum(); // what no memory gave
    System.out.printf(
        Locale.ROOT,
        "%-16s%11.2f%%%9.1f%%",
        text,
        100 * Math.exp(token.logProbability()),
        100 * host);
    token
        .shares()
        .values()
        .forEach(share -> System.out.printf(Locale.ROOT, "%9.1f%%", 100 * share));
    System.out.println();
  }
}
