package dev.mneme.store;

import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;

/**
 * A file that must stay as it was: while it is read, so that all of it is of one moment, or as long
 * as it is mapped into memory, since touching mapped pages of a file that shrank ends the process.
 *
 * <p>A change is told by size, time of change, number in the file system and, where the file system
 * has it, the time of the last change of these, which no program sets at will.
 */
public final class UnchangedFile {

  private static final String UNIX = "unix:size,lastModifiedTime,ino,dev,ctime";

  private final Path path;
  private final long size;
  private final Object state;

  /** Remembers the file as it is now. */
  public UnchangedFile(Path path) {
    this.path = path;
    state = state(path);
    try {
      size = Files.size(path);
    } catch (IOException e) {
      throw new MnemeException("cannot read " + path + ": " + FailureText.of(e), e);
    }
  }

  /** Bytes. */
  public long size() {
    return size;
  }

  /**
   * Looks at the file. One that was deleted is still whole for who has it open or mapped.
   *
   * @throws MnemeException if it is not as it was
   */
  public void require() {
    if (Files.exists(path) && !state(path).equals(state)) {
      throw new MnemeException("%s was changed while it is in use; open it again".formatted(path));
    }
  }

  private static Object state(Path path) {
    try {
      try {
        return Map.copyOf(Files.readAttributes(path, UNIX));
      } catch (UnsupportedOperationException | IllegalArgumentException e) {
        BasicFileAttributes basic = Files.readAttributes(path, BasicFileAttributes.class);
        return List.of(basic.size(), basic.lastModifiedTime());
      }
    } catch (IOException e) {
      throw new MnemeException("cannot read " + path + ": " + FailureText.of(e), e);
    }
  }
}
