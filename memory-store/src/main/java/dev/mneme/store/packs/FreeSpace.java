package dev.mneme.store.packs;

import dev.mneme.MnemeException;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/** Room on a disk, looked at before something large is written. */
public final class FreeSpace {

  private FreeSpace() {}

  /**
   * Does nothing if there is room, or where the file system does not say.
   *
   * @param place a file or folder to be written; its nearest folder that exists is looked at
   * @param bytes how much
   * @param what is to be written, for the message
   * @throws MnemeException if the file system has less room
   */
  public static void require(Path place, long bytes, String what) {
    Path folder = place.toAbsolutePath().normalize();
    while (folder != null && !Files.isDirectory(folder)) {
      folder = folder.getParent();
    }
    if (folder == null) {
      return;
    }
    long free;
    try {
      FileStore store = Files.getFileStore(folder);
      if (store.getTotalSpace() <= 0) {
        return; // a file system that does not say
      }
      free = store.getUsableSpace();
    } catch (IOException e) {
      return; // writing will tell
    }
    if (free < bytes) {
      throw new MnemeException(
          "%s needs %,d bytes more, but %s has %,d free; make room, or set MNEME_HOME to a folder with more"
              .formatted(what, bytes, folder, free));
    }
  }
}
