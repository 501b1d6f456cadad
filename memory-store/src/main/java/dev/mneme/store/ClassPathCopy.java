package dev.mneme.store;

import dev.mneme.MnemeException;
import dev.mneme.PackIntegrityException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The copy of a jar's model in a cache folder: made once, whole, and again if it is damaged. Safe
 * for several threads and processes, each with an object of its own.
 *
 * @param <T> the model, opened
 */
final class ClassPathCopy<T> {
  private static final Logger log = LoggerFactory.getLogger(ClassPathCopy.class);

  private static final int ATTEMPTS = 3;

  private final ClassPathFolder found;
  private final byte[] index;
  private final Map<String, String> files;
  private final Path folder;
  private final Path target;
  private final Function<Path, T> open;

  /**
   * A copy, not made yet.
   *
   * @param index the content of the model's index, which is copied too
   * @param files names and SHA-256 of the others
   * @param folder of the cache
   * @param name of the copy in it
   * @param open opens the copy and throws {@link PackIntegrityException} unless its files are those
   *     listed
   */
  ClassPathCopy(
      ClassPathFolder found,
      byte[] index,
      Map<String, String> files,
      Path folder,
      String name,
      Function<Path, T> open) {
    this.found = found;
    this.index = index;
    this.files = files;
    this.folder = folder;
    this.target = folder.resolve(name);
    this.open = open;
  }

  /**
   * The model, from its copy.
   *
   * @throws PackIntegrityException if the jar's files are not those listed
   */
  T opened() throws IOException {
    Optional<T> kept = kept();
    for (int i = 0; kept.isEmpty() && i < ATTEMPTS; i++) {
      make();
      kept = kept();
    }
    return kept.orElseThrow(
        () ->
            new PackIntegrityException(
                "the copy of the %s in %s is damaged whenever it is made; check the disk"
                    .formatted(found.title(), target)));
  }

  /**
   * Opens the copy if it is whole: opening checks every file against the index, and this the index.
   * Another process may find it damaged and replace it meanwhile.
   */
  private Optional<T> kept() throws IOException {
    Path file = target.resolve(found.indexName());
    if (!Files.exists(target)) {
      return Optional.empty();
    }
    try {
      if (Files.exists(file) && Arrays.equals(Files.readAllBytes(file), index)) {
        return Optional.of(open.apply(target));
      }
      log.warn("the cached {} has another {} and will be made again", target, file.getFileName());
    } catch (PackIntegrityException e) {
      log.warn("the cached {} is damaged and will be made again: {}", target, e.getMessage());
    } catch (MnemeException e) {
      // Replaced by another process meanwhile, and whole now; or refused for what it is.
      return Optional.of(open.apply(target));
    }
    return Optional.empty();
  }

  private void make() throws IOException {
    Path temporary = CacheFolder.temporary(folder);
    try {
      Path made = Files.createDirectory(temporary.resolve("made"));
      found.copyTo(made, files);
      Files.write(made.resolve(found.indexName()), index);
      if (kept().isEmpty()) { // another process may have been faster
        moveAway(target, temporary.resolve("damaged"));
      }
      try {
        Files.move(made, target, StandardCopyOption.ATOMIC_MOVE);
      } catch (FileSystemException e) {
        if (!Files.exists(target)) {
          throw e;
        } // another process was faster, and what it made is checked next
      }
    } finally {
      CacheFolder.delete(temporary);
    }
  }

  private static void moveAway(Path target, Path to) throws IOException {
    try {
      Files.move(target, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      // The usual case: nothing was damaged.
    }
  }
}
