package dev.mneme.djl;

import dev.mneme.HostModel;
import dev.mneme.MemoryModule;
import dev.mneme.store.MemoryLoader;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackKind;

/** Runs packs of both kinds beside hosts on PyTorch; found by {@link java.util.ServiceLoader}. */
public final class TorchMemoryLoader implements MemoryLoader {

  @Override
  public String engine() {
    return "PyTorch";
  }

  @Override
  public boolean accepts(MemoryPack pack, HostModel host) {
    return host instanceof TorchHost;
  }

  @Override
  public MemoryModule load(MemoryPack pack, HostModel host) {
    return load(pack, TorchOptions.defaults());
  }

  /** Opens a pack as what it is. */
  public static MemoryModule load(MemoryPack pack, TorchOptions options) {
    return switch (pack.kind()) {
      case PackKind.MemoryDecoder() -> TorchMemoryDecoder.open(pack, options);
      case PackKind.MlpMemory(_) -> TorchMlpMemory.open(pack, options);
    };
  }
}
