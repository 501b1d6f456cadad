package dev.mneme.samples;

import dev.mneme.GenerationRequest;
import dev.mneme.HostLoader;
import dev.mneme.HostModel;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.Sampling;
import dev.mneme.Score;
import dev.mneme.store.ClassPathModels;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Opens a Hugging Face folder as it was downloaded ({@code config.json}, SafeTensors, {@code
 * tokenizer.json}) on PyTorch as the frozen host, continues a text and scores it. The call is the
 * same as for a GGUF file: the engine is chosen by what the path holds.
 */
public final class WrapAHuggingFaceFolder {

  private WrapAHuggingFaceFolder() {}

  /**
   * Runs it.
   *
   * @param args the folder, by default a small host that ships; the text to continue
   */
  public static void main(String[] args) {
    Path folder = args.length > 0 ? Path.of(args[0]) : ClassPathModels.here().hostFolder("host-3m");
    String prompt = args.length > 1 ? args[1] : "The village is known for";
    try (var model = MemoryAugmentedModel.over(HostLoader.open(folder))) {
      HostModel host = model.host();
      System.out.printf(
          Locale.ROOT,
          "%s (%s): a vocabulary of %,d tokens, a context of %,d%n%n",
          host.name(),
          host.getClass().getSimpleName(),
          host.vocabulary().size(),
          host.contextLength());
      Sampling sampling = Sampling.of(0.8).withTopP(0.9).withSeed(1);
      var request = GenerationRequest.of(prompt).withMaxTokens(40).withSampling(sampling);
      System.out.print(prompt);
      var generation = model.stream(request, token -> System.out.print(token.text()));
      Score score = model.score(prompt + generation.text());
      System.out.printf(
          Locale.ROOT,
          "%n%n%.0f tokens a second; the model gives its own text a perplexity of %.2f%n",
          generation.tokensPerSecond(),
          score.perplexity());
    }
  }
}
