package dev.mneme.store.packs;

import com.google.common.hash.Hashing;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.store.files.Owner;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A folder in which one process keeps what it fetches from one place, and finds what an earlier one
 * left unfinished there. Belongs to whoever claimed it until it is closed; used by one thread.
 * Closing it removes it unless something was begun and not ended.
 *
 * <pre>
 * downloads/HEX/OWNER/   HEX is the SHA-256 of the place's name
 * </pre>
 */
public final class DownloadFolder implements AutoCloseable {

  /** Nobody continues what is older. */
  private static final Duration KEPT = Duration.ofDays(30);

  private final Path path;
  private int unfinished;

  private DownloadFolder(Path path) {
    this.path = path;
  }

  /**
   * Claims what a process that ended left there, or else a new folder.
   *
   * @param downloads the folder of all downloads, created if absent
   * @param origin what is fetched; the same name always means the same content
   * @throws MnemeException if the folder cannot be written
   */
  public static DownloadFolder claim(Path downloads, String origin) {
    String hex = Hashing.sha256().hashString(origin, StandardCharsets.UTF_8).toString();
    try {
      Path all = Files.createDirectories(downloads);
      removeOld(all);
      Path parent = Files.createDirectories(all.resolve(hex));
      Path own = parent.resolve(Owner.newName());
      for (Path left : children(parent)) {
        if (Owner.hasEnded(String.valueOf(left.getFileName())) && isMoved(left, own)) {
          return new DownloadFolder(own);
        }
      }
      return new DownloadFolder(Files.createDirectories(own));
    } catch (IOException e) {
      throw new MnemeException(
          "cannot keep downloads in %s: %s; set MNEME_HOME to a writable folder"
              .formatted(downloads, FailureText.of(e)),
          e);
    }
  }

  private static void removeOld(Path downloads) throws IOException {
    FileTime limit = FileTime.from(Instant.now().minus(KEPT));
    for (Path place : children(downloads)) {
      for (Path folder : children(place)) {
        if (Owner.hasEnded(String.valueOf(folder.getFileName()))
            && Files.getLastModifiedTime(folder).compareTo(limit) < 0) {
          MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
        }
      }
      if (children(place).isEmpty() && Files.getLastModifiedTime(place).compareTo(limit) < 0) {
        Files.deleteIfExists(place);
      }
    }
  }

  private static List<Path> children(Path folder) throws IOException {
    try (Stream<Path> list = Files.list(folder)) {
      return list.toList();
    }
  }

  /** Moves a folder, unless another process was faster. */
  private static boolean isMoved(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
      return true;
    } catch (FileSystemException e) {
      if (Files.exists(from)) {
        throw e;
      }
      return false;
    }
  }

  public Path path() {
    return path;
  }

  /** Something is being fetched. */
  public void begin() {
    unfinished++;
  }

  /** What was begun is whole. */
  public void end() {
    unfinished--;
  }

  @Override
  public void close() {
    try {
      if (unfinished > 0) { // for the next one, under a name that is nobody's
        Files.move(path, path.resolveSibling("left-" + UUID.randomUUID()));
      } else {
        MoreFiles.deleteRecursively(path, RecursiveDeleteOption.ALLOW_INSECURE);
      }
    } catch (IOException e) {
      // Only space is lost, and the next claim of this place finds it.
    }
  }
}
