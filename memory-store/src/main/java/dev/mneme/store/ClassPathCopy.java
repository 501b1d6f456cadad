package dev.mneme.store;

import dev.mneme.MnemeException;
import dev.mneme.PackIntegrityException;
import dev.mneme.store.packs.UntrustedPackException;
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
  private final Map<String, byte[]> asTheyAre;
  private final Map<String, String> files;
  private final Path folder;
  private final Path target;
  private final Function<Path, T> open;

  /**
   * A copy, not made yet.
   *
   * @param asTheyAre files that were read already, the model's index among them, by name
   * @param files names and SHA-256 of the others
   * @param folder of the cache
   * @param name of the copy in it
   * @param open opens the copy and throws {@link PackIntegrityException} unless its files are those
   *     listed
   */
  ClassPathCopy(
      ClassPathFolder found,
      Map<String, byte[]> asTheyAre,
      Map<String, String> files,
      Path folder,
      String name,
      Function<Path, T> open) {
    this.found = found;
    this.asTheyAre = asTheyAre;
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
   * Opens the copy if it is whole: opening checks every file against the index, and this the index
   * and the signature. Another process may find it damaged and replace it meanwhile.
   */
  private Optional<T> kept() throws IOException {
    if (!Files.exists(target)) {
      return Optional.empty();
    }
    try {
      Optional<String> other = other();
      if (other.isEmpty()) {
        return Optional.of(open.apply(target));
      }
      log.warn("the cached {} has another {} and will be made again", target, other.get());
    } catch (UntrustedPackException e) {
      throw e;
    } catch (PackIntegrityException e) {
      log.warn("the cached {} is damaged and will be made again: {}", target, e.getMessage());
    } catch (MnemeException e) {
      // Replaced by another process meanwhile, and whole now; or refused for what it is.
      return Optional.of(open.apply(target));
    }
    return Optional.empty();
  }

  /** The first of the files as they are that the copy does not have. */
  private Optional<String> other() throws IOException {
    for (Map.Entry<String, byte[]> expected : asTheyAre.entrySet()) {
      Path file = target.resolve(expected.getKey());
      if (!Files.exists(file) || !Arrays.equals(Files.readAllBytes(file), expected.getValue())) {
        return Optional.of(expected.getKey());
      }
    }
    return Optional.empty();
  }

  private void make() throws IOException {
    Path temporary = CacheFolder.temporary(folder);
    try {
      Path made = Files.createDirectory(temporary.resolve("made"));
      found.copyTo(made, files);
      for (Map.Entry<String, byte[]> file : asTheyAre.entrySet()) {
        Files.write(made.resolve(file.getKey()), file.getValue());
      }
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
