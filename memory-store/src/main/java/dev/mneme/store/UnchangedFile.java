package dev.mneme.store;

import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;

/**
 * A file that is mapped into memory and must stay as it is: touching mapped pages of a file that
 * shrank would end the process, so the file is looked at before each use.
 */
public final class UnchangedFile {

  private final Path path;
  private final long size;
  private final FileTime time;

  /** Remembers the file as it is now. */
  public UnchangedFile(Path path) {
    this.path = path;
    BasicFileAttributes attributes = attributes(path);
    size = attributes.size();
    time = attributes.lastModifiedTime();
  }

  /** Bytes. */
  public long size() {
    return size;
  }

  /**
   * Looks at the file. One that was deleted is still whole where it is mapped.
   *
   * @throws MnemeException if it is not as it was
   */
  public void require() {
    if (!Files.exists(path)) {
      return;
    }
    BasicFileAttributes now = attributes(path);
    if (now.size() != size || !now.lastModifiedTime().equals(time)) {
      throw new MnemeException(
          "%s was changed while it is in use; open it again (on llama.cpp a host or a Memory Decoder can be opened with memoryMapped false to be independent of its file)"
              .formatted(path));
    }
  }

  private static BasicFileAttributes attributes(Path path) {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class);
    } catch (IOException e) {
      throw new MnemeException("cannot read " + path + ": " + FailureText.of(e), e);
    }
  }
}
