package dev.mneme.trainer.files;

import dev.mneme.MnemeException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;

/** Keeps two runs from making one output at the same time. */
public final class ExclusiveFile {

  private ExclusiveFile() {}

  /**
   * Locks a file until its channel is closed or the process ends.
   *
   * @param output what is being made, for the message
   * @throws MnemeException if another process, or another part of this one, has locked it
   */
  public static void lock(FileChannel channel, Path output) throws IOException {
    FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    }
    if (lock == null) {
      throw new MnemeException(
          "%s is being made by another run; wait for it or stop it".formatted(output));
    }
  }
}
