package dev.mneme.trainer.files;

import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.store.files.UnfinishedFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * A large output that grows in place: {@code NAME.part} until it is whole, beside it a mark of how
 * far it is and from what it is made. Used by one thread.
 */
public final class PartFile {

  private final Path output;
  private final Path part;
  private final Path mark;
  private final String origin;

  /**
   * An output to be made.
   *
   * @param origin one line that says what it is made from; a part of another origin is begun anew
   */
  public PartFile(Path output, String origin) {
    this.output = output;
    this.part = output.resolveSibling(output.getFileName() + UnfinishedFile.SUFFIX);
    this.mark = output.resolveSibling(output.getFileName() + ".mark");
    this.origin = origin;
  }

  /** The file to write into. */
  public Path part() {
    return part;
  }

  /** Removes what an earlier run left although the output is there, whole. */
  public void discard() {
    try {
      Files.deleteIfExists(part);
      Files.deleteIfExists(mark);
    } catch (IOException e) {
      throw new MnemeException(
          "cannot remove %s: %s; check the folder".formatted(part, FailureText.of(e)), e);
    }
  }

  /**
   * Makes the part, filled with zeros, unless one of this origin is there.
   *
   * @param bytes its size
   * @return how far it was marked, 0 for a new one
   * @throws MnemeException if the file cannot be made that large
   */
  public int begin(long bytes) {
    try {
      if (Files.exists(mark) && Files.exists(part) && Files.size(part) == bytes) {
        List<String> lines = Files.readAllLines(mark);
        if (lines.size() == 2 && lines.getFirst().equals(origin)) {
          return Integer.parseInt(lines.get(1));
        }
      }
      Files.deleteIfExists(mark);
      Files.deleteIfExists(part);
      mark(0); // a part without a mark is nobody's
      try (var file = new RandomAccessFile(part.toFile(), "rw")) {
        file.setLength(bytes);
      }
      return 0;
    } catch (IOException | NumberFormatException e) {
      throw new MnemeException(
          "cannot begin %s (%,d bytes): %s; check the folder and the free space"
              .formatted(part, bytes, FailureText.of(e)),
          e);
    }
  }

  /** Remembers how far the part is; what was written must have reached the disk before. */
  public void mark(int done) {
    try {
      AtomicFile.write(mark, (origin + "\n" + done + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new MnemeException("cannot write %s: %s".formatted(mark, FailureText.of(e)), e);
    }
  }

  /** Gives the whole part the output's name. */
  public void finish() {
    try {
      Files.move(part, output, StandardCopyOption.ATOMIC_MOVE);
      Files.deleteIfExists(mark);
    } catch (IOException e) {
      throw new MnemeException("cannot finish %s: %s".formatted(output, FailureText.of(e)), e);
    }
  }
}
