package dev.mneme.store.packs;

import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.store.MemoryPack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The use of an installed pack by this process: while it is open the pack stays on disk. Close it
 * after what was opened from the pack. Safe for several threads.
 */
public final class PackLease implements AutoCloseable {

  private final MemoryPack pack;
  private final Optional<Path> mark;

  PackLease(MemoryPack pack, Optional<Path> mark) {
    this.pack = pack;
    this.mark = mark;
  }

  public MemoryPack pack() {
    return pack;
  }

  @Override
  public void close() {
    mark.ifPresent(PackLease::remove);
  }

  static void remove(Path mark) {
    try {
      Files.deleteIfExists(mark);
    } catch (IOException e) {
      throw new MnemeException(
          "cannot give back the lease %s: %s".formatted(mark, FailureText.of(e)), e);
    }
  }
}
