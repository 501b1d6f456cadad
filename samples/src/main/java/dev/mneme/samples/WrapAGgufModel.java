package dev.mneme.samples;

import dev.mneme.Generation;
import dev.mneme.GenerationRequest;
import dev.mneme.HostLoader;
import dev.mneme.HostModel;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.Sampling;
import dev.mneme.store.ClassPathModels;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Opens a GGUF file on llama.cpp as the frozen host and streams a continuation. No memory is
 * attached yet: what comes out is the host's own text.
 */
public final class WrapAGgufModel {

  private WrapAGgufModel() {}

  /**
   * Runs it.
   *
   * @param args the file, by default a small host that ships; the text to continue
   */
  public static void main(String[] args) {
    Path file = args.length > 0 ? Path.of(args[0]) : ClassPathModels.here().host("host-3m");
    String prompt = args.length > 1 ? args[1] : "The village is known for";
    try (var model = MemoryAugmentedModel.over(HostLoader.open(file))) {
      HostModel host = model.host();
      System.out.printf(
          Locale.ROOT,
          "%s (%s): a vocabulary of %,d tokens, a context of %,d%n%n",
          host.name(),
          host.getClass().getSimpleName(),
          host.vocabulary().size(),
          host.contextLength());
      // The likeliest token each time would soon lead a small model in circles.
      Sampling sampling = Sampling.of(0.8).withTopP(0.9).withSeed(1);
      var request = GenerationRequest.of(prompt).withMaxTokens(40).withSampling(sampling);
      System.out.print(prompt);
      Generation generation = model.stream(request, token -> System.out.print(token.text()));
      System.out.printf(
          Locale.ROOT,
          "%n%n%d tokens after a prompt of %d, %.0f tokens a second; ended by %s%n",
          generation.tokens().size(),
          generation.promptTokens(),
          generation.tokensPerSecond(),
          generation.finish());
    }
  }
}
