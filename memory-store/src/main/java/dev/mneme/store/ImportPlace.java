package dev.mneme.store;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Where a pack is put together: a hidden folder {@code .import-NAME} beside the target, which
 * becomes the target when it is complete and goes when it is not.
 *
 * <p>A lock on the file {@code .importing-NAME} beside it belongs to one import at a time. The
 * operating system gives it back when a process dies, so a folder found by its next owner was left
 * by an import that was killed, and is removed.
 */
final class ImportPlace implements AutoCloseable {

  /** Far behind the file's content, which some systems would lock against writing too. */
  private static final long LOCKED_BYTE = Long.MAX_VALUE - 1;

  private static final int LARGEST_FILE = 4096;

  private final Path target;
  private final Path folder;
  private final Path lockFile;
  private final FileChannel lock;

  private ImportPlace(Path target, Path lockFile, FileChannel lock) {
    this.target = target;
    this.folder = target.resolveSibling(".import-" + target.getFileName());
    this.lockFile = lockFile;
    this.lock = lock;
  }

  /**
   * Makes an empty folder for a target, whose parent must exist.
   *
   * @throws MnemeException if another import to the same target is running
   */
  static ImportPlace open(Path target) throws IOException {
    Path file = target.resolveSibling(".importing-" + target.getFileName());
    FileChannel lock = lock(file);
    while (lock == null) {
      lock = lock(file);
    }
    var place = new ImportPlace(target, file, lock);
    try {
      place.removeFolder();
      Files.createDirectory(place.folder);
      return place;
    } catch (IOException | RuntimeException e) {
      place.close();
      throw e;
    }
  }

  /**
   * Null if the file was deleted by its last owner between opening and locking: a lock on a file
   * without a name keeps nobody out. The owner gives the file a random size to know it by. It must
   * not be opened to look inside: on POSIX systems closing any handle gives the lock back.
   */
  private static @Nullable FileChannel lock(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock(LOCKED_BYTE, 1, false) != null) {
        int size = ThreadLocalRandom.current().nextInt(1, LARGEST_FILE);
        channel.truncate(0).write(ByteBuffer.allocate(1), size - 1);
        if (file.toFile().length() == size) {
          return channel;
        }
        channel.close();
        return null;
      }
    } catch (OverlappingFileLockException e) {
      // Another thread of this process has it.
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    channel.close();
    throw new MnemeException(
        "another import to the same folder is running (it holds %s); wait for it or choose another folder"
            .formatted(file));
  }

  /** The folder to fill. */
  Path folder() {
    return folder;
  }

  /** Gives the folder the target's name. */
  void complete() throws IOException {
    Files.move(folder, target, StandardCopyOption.ATOMIC_MOVE);
  }

  private void removeFolder() throws IOException {
    if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
    }
  }

  /** Removes the folder, unless it became the target, and gives the lock back. */
  @Override
  public void close() throws IOException {
    try (lock) {
      removeFolder();
      Files.deleteIfExists(lockFile);
    }
  }
}
