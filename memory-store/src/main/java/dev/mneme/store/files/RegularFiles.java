package dev.mneme.store.files;

import dev.mneme.FailureText;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The checks before a file is opened for reading. Opening a pipe, a socket or a terminal can wait
 * for ever, so nothing is opened that is not a regular file. Links are followed.
 */
public final class RegularFiles {

  /** The bits of a Unix mode that say what a file is, and some of their values. */
  private static final int TYPE_BITS = 0170000;

  private static final int PIPE = 0010000;
  private static final int SOCKET = 0140000;
  private static final int CHARACTER_DEVICE = 0020000;
  private static final int BLOCK_DEVICE = 0060000;

  private RegularFiles() {}

  /**
   * Whether the name is taken, also by a pipe or by a link whose target is missing: a file that is
   * optional is absent only where this is false.
   */
  public static boolean exists(Path file) {
    return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
  }

  /** Why a path cannot be read as a file, as the end of a sentence that begins with the path. */
  public static Optional<String> problem(Path file) {
    if (Files.isRegularFile(file)) {
      return Files.isReadable(file)
          ? Optional.empty()
          : Optional.of("may not be read by this user; change its permissions");
    }
    if (Files.isDirectory(file)) {
      return Optional.of("is a folder, not a regular file");
    }
    if (Files.exists(file)) {
      return Optional.of("is no regular file but %s".formatted(special(file)));
    }
    if (Files.isSymbolicLink(file)) {
      return Optional.of(brokenLink(file));
    }
    return Optional.of("does not exist");
  }

  private static String special(Path file) {
    try {
      return switch ((Integer) Files.getAttribute(file, "unix:mode") & TYPE_BITS) {
        case PIPE -> "a pipe";
        case SOCKET -> "a socket";
        case CHARACTER_DEVICE, BLOCK_DEVICE -> "a device";
        default -> "a special file";
      };
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      return "a special file"; // not every file system tells
    }
  }

  private static String brokenLink(Path link) {
    try {
      return "is a link to %s, which %s"
          .formatted(Files.readSymbolicLink(link), whyNotFollowed(link));
    } catch (IOException e) {
      return "is a link that cannot be read: " + e;
    }
  }

  private static String whyNotFollowed(Path link) {
    try {
      return "was not there before but is now: %s".formatted(link.toRealPath());
    } catch (FileSystemException e) {
      String reason = e.getReason(); // a loop, or a folder on the way that may not be entered
      return reason == null ? "does not exist" : "cannot be followed: " + reason;
    } catch (IOException e) {
      return "cannot be followed: " + e;
    }
  }

  /**
   * Refuses a place for a file to write where something else than a regular file stands, which
   * writing would replace or wait for.
   *
   * @throws MnemeException if there is such a thing
   */
  public static void requirePlace(Path out) {
    if (exists(out) && !Files.isRegularFile(out)) {
      throw new MnemeException(
          "cannot write %s: it %s; choose another name"
              .formatted(out, problem(out).orElse("changed just now")));
    }
  }

  /**
   * Refuses what is no regular file, and a Git LFS pointer in place of one.
   *
   * @return the path as it was given
   * @throws MnemeException if the file is missing or unreadable
   * @throws MalformedFileException if something else stands in its place
   */
  public static Path require(Path file) {
    Optional<String> problem = problem(file);
    if (problem.isPresent()) {
      String message = "cannot read %s: it %s".formatted(file, problem.get());
      throw Files.exists(file) && !Files.isRegularFile(file)
          ? new MalformedFileException(message)
          : new MnemeException(message);
    }
    if (FileKind.isPointer(file)) {
      throw new MalformedFileException(file + " " + FileKind.GIT_LFS_POINTER.advice());
    }
    return file;
  }

  /** Opens a file after {@link #require}; the caller closes the stream. */
  public static InputStream open(Path file) throws IOException {
    return Files.newInputStream(require(file));
  }

  /**
   * Reads a small file whole, after {@link #require}.
   *
   * @param most bytes it may have
   * @throws MalformedFileException if it has more
   * @throws MnemeException if it cannot be read
   */
  public static byte[] read(Path file, long most) {
    try {
      return readAtMost(require(file), most);
    } catch (IOException e) {
      throw new MnemeException("cannot read %s: %s".formatted(file, FailureText.of(e)), e);
    }
  }

  /**
   * As {@link #read(Path, long)}, for text in UTF-8.
   *
   * @throws MalformedFileException if it is too large, or not UTF-8
   */
  public static String readText(Path file, long most) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(read(file, most)))
          .toString();
    } catch (CharacterCodingException e) {
      throw new MalformedFileException(file + ": expected text in UTF-8, found other bytes", e);
    }
  }

  /**
   * As {@link #read(Path, long)} without {@link #require}: for files of Mneme's own, which another
   * process may remove at any time.
   */
  public static byte[] readAtMost(Path file, long most) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return read(file.toString(), in, Files.size(file), most);
    }
  }

  /**
   * Reads a small file to the end of a stream. It is refused by its announced size before anything
   * is read, and by its true one as soon as that is more.
   *
   * @param origin what is read, for messages
   * @param size its announced size in bytes; 0 where nothing is known
   * @param most bytes it may have, below {@link Integer#MAX_VALUE}
   * @throws MalformedFileException if it has more
   */
  public static byte[] read(String origin, InputStream in, long size, long most)
      throws IOException {
    if (size > most) {
      throw tooLarge(origin, "%d bytes".formatted(size), most);
    }
    byte[] bytes = in.readNBytes(Math.toIntExact(most + 1));
    if (bytes.length > most) {
      throw tooLarge(origin, "more than %d bytes".formatted(most), most);
    }
    return bytes;
  }

  private static MalformedFileException tooLarge(String origin, String size, long most) {
    return new MalformedFileException(
        "%s is too large: it has %s, and a file of this kind at most %d; check that it is the right file"
            .formatted(origin, size, most));
  }
}
