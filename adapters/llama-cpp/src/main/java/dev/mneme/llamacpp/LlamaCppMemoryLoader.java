package dev.mneme.llamacpp;

import dev.mneme.HostModel;
import dev.mneme.MemoryModule;
import dev.mneme.store.MemoryLoader;
import dev.mneme.store.MemoryPack;

/** Runs Memory Decoders beside GGUF hosts; found by {@link java.util.ServiceLoader}. */
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
    return LlamaCppMemoryDecoder.open(pack);
  }
}
