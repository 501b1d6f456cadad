package dev.mneme.samples;

import dev.mneme.GenerationRequest;
import dev.mneme.HostLoader;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.store.MemoryLoader;
import java.nio.file.Path;

/** Opens a GGUF host, attaches a memory and streams a continuation: the README's example. */
public final class AttachAMemory {

  private AttachAMemory() {}

  /** Arguments: the host file, the memory's folder, the prompt. */
  public static void main(String[] args) {
    try (var model = MemoryAugmentedModel.over(HostLoader.open(Path.of(args[0])))) {
      model.attach(MemoryLoader.open(Path.of(args[1]), model.host()), LambdaPolicy.fixed(0.6));
      var request = GenerationRequest.of(args[2]).withMaxTokens(40);
      var generation = model.stream(request, token -> System.out.print(token.text()));
      System.out.println();
      System.out.println(generation.memories());
    }
  }
}
