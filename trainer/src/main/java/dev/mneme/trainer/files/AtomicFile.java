package dev.mneme.trainer.files;

import dev.mneme.store.files.UnfinishedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Small files that are there whole or not at all, whenever the process is killed. */
public final class AtomicFile {
  private AtomicFile() {}

  /** Writes or replaces a file through an unfinished one beside it. */
  public static void write(Path file, byte[] content) throws IOException {
    Files.deleteIfExists(file.resolveSibling(file.getFileName() + ".tmp")); // earlier versions'
    try (UnfinishedFile unfinished = UnfinishedFile.of(file)) {
      try (FileChannel channel =
          FileChannel.open(
              unfinished.path(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer rest = ByteBuffer.wrap(content);
        while (rest.hasRemaining()) {
          channel.write(rest);
        }
        channel.force(true);
      }
      unfinished.complete();
    }
  }
}
