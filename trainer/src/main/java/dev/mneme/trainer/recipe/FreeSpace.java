package dev.mneme.trainer.recipe;

import dev.mneme.MnemeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Asks for room on a disk before it is needed. */
final class FreeSpace {

  private FreeSpace() {}

  /**
   * Refuses to begin what will not fit.
   *
   * @param folder that is there
   * @param what needs the bytes
   * @throws MnemeException if the folder's disk has fewer bytes left
   */
  static void require(Path folder, long bytes, String what) {
    long free;
    try {
      free = Files.getFileStore(folder).getUsableSpace();
    } catch (IOException e) {
      throw new MnemeException("cannot ask %s for its free space: %s".formatted(folder, e), e);
    }
    if (free < bytes) {
      throw new MnemeException(
          "%s need %,d bytes in %s, but only %,d are free; make room or choose another --work folder, then start again: what is done is kept"
              .formatted(what, bytes, folder, free));
    }
  }
}
