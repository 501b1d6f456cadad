package dev.mneme.cli;

import dev.mneme.HostModel;
import dev.mneme.MemoryModule;
import dev.mneme.djl.TorchHost;
import dev.mneme.djl.TorchMemoryLoader;
import dev.mneme.djl.TorchOptions;
import dev.mneme.llamacpp.LlamaCppHost;
import dev.mneme.llamacpp.LlamaCppMemoryLoader;
import dev.mneme.llamacpp.LlamaCppOptions;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.WeightType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The engine that a host's files ask for, with the options given; memories run on it too. */
sealed interface EngineChoice {

  /** Opens the host; the caller closes it. */
  HostModel host(Path path);

  /** Opens a memory; the caller closes it. */
  MemoryModule memory(MemoryPack pack);

  /** What runs a host's files, with the engine's defaults. */
  static EngineChoice of(Path host) {
    return Files.isDirectory(host)
        ? new Torch(TorchOptions.defaults())
        : new LlamaCpp(LlamaCppOptions.defaults(), LlamaCppOptions.defaults(), Optional.empty());
  }

  /**
   * llama.cpp, for GGUF files.
   *
   * @param options of the host
   * @param ofMemories of its memories
   * @param memoryType weights that memories run with; as stored if empty
   */
  record LlamaCpp(
      LlamaCppOptions options, LlamaCppOptions ofMemories, Optional<WeightType> memoryType)
      implements EngineChoice {
    @Override
    public HostModel host(Path path) {
      return LlamaCppHost.open(path, options);
    }

    @Override
    public MemoryModule memory(MemoryPack pack) {
      return LlamaCppMemoryLoader.load(pack, memoryType.orElse(pack.storedType()), ofMemories);
    }
  }

  /** PyTorch, for Hugging Face folders. */
  record Torch(TorchOptions options) implements EngineChoice {
    @Override
    public HostModel host(Path path) {
      return TorchHost.open(path, options);
    }

    @Override
    public MemoryModule memory(MemoryPack pack) {
      return TorchMemoryLoader.load(pack, options);
    }
  }
}
