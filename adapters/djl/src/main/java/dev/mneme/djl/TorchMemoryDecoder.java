package dev.mneme.djl;

import dev.mneme.MemoryModule;
import dev.mneme.MemorySession;
import dev.mneme.MnemeException;
import dev.mneme.Vocabulary;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackKind;
import java.util.Set;

/**
 * A Memory Decoder (arXiv 2508.09874) on PyTorch: a small transformer that reads the host's token
 * ids. It runs from its pack's own files. Owns native memory.
 */
public final class TorchMemoryDecoder implements MemoryModule {

  private final MemoryPack pack;
  private final TorchDecoder decoder;

  private TorchMemoryDecoder(MemoryPack pack, TorchDecoder decoder) {
    this.pack = pack;
    this.decoder = decoder;
  }

  /** Opens a pack's memory with {@link TorchOptions#defaults()}. */
  public static TorchMemoryDecoder open(MemoryPack pack) {
    return open(pack, TorchOptions.defaults());
  }

  /**
   * Opens a pack's memory.
   *
   * @throws dev.mneme.MalformedFileException if a file breaks its format or a weight is not finite;
   *     names the tensor
   * @throws MnemeException if the pack holds another kind of memory
   * @throws dev.mneme.NativeLibraryException if PyTorch cannot be loaded
   */
  public static TorchMemoryDecoder open(MemoryPack pack, TorchOptions options) {
    pack.requireTrusted();
    if (!(pack.kind() instanceof PackKind.MemoryDecoder)) {
      throw new MnemeException(
          "the pack %s holds a %s, not a memory-decoder"
              .formatted(pack.name(), pack.kind().label()));
    }
    return new TorchMemoryDecoder(pack, TorchDecoder.open(pack.directory(), options));
  }

  @Override
  public String name() {
    return pack.name();
  }

  @Override
  public String digest() {
    return pack.digest();
  }

  @Override
  public Vocabulary vocabulary() {
    return pack.vocabulary();
  }

  @Override
  public int logitWidth() {
    return decoder.width();
  }

  @Override
  public int contextLength() {
    return decoder.contextLength();
  }

  @Override
  public MemorySession openSession(int threads) {
    return decoder.openSession(threads, Set.of());
  }

  @Override
  public boolean isClosed() {
    return decoder.isClosed();
  }

  @Override
  public void close() {
    decoder.close();
  }
}
