package dev.mneme.llamacpp;

import dev.mneme.HostModel;
import dev.mneme.MemoryModule;
import dev.mneme.store.MemoryLoader;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackKind;
import dev.mneme.store.WeightType;

/** Runs packs of both kinds beside GGUF hosts; found by {@link java.util.ServiceLoader}. */
public final class LlamaCppMemoryLoader implements MemoryLoader {

  @Override
  public String engine() {
    return "llama.cpp";
  }

  @Override
  public boolean accepts(MemoryPack pack, HostModel host) {
    return host instanceof LlamaCppHost;
  }

  @Override
  public MemoryModule load(MemoryPack pack, HostModel host) {
    return load(pack, pack.storedType(), LlamaCppOptions.defaults());
  }

  /**
   * Opens a pack as what it is.
   *
   * @param type what to run the weights as
   * @param options how it runs; see {@link LlamaCppMlpMemory#open(MemoryPack, WeightType,
   *     LlamaCppOptions)} on what an MLP Memory makes of them
   */
  public static MemoryModule load(MemoryPack pack, WeightType type, LlamaCppOptions options) {
    return switch (pack.kind()) {
      case PackKind.MemoryDecoder() -> LlamaCppMemoryDecoder.open(pack, type, options);
      case PackKind.MlpMemory(_) -> LlamaCppMlpMemory.open(pack, type, options);
    };
  }
}
