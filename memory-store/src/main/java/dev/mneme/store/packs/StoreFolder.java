package dev.mneme.store.packs;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.store.PackManifest;
import dev.mneme.store.files.Owner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The folders of a store, as {@link MemoryStore} describes them, and the steps in them that several
 * processes may take at the same time.
 *
 * @param step run before each change on disk
 */
record StoreFolder(Path root, Runnable step) {

  Path blobs() {
    return root.resolve("blobs");
  }

  Path packs() {
    return root.resolve("packs");
  }

  Path names() {
    return root.resolve("names");
  }

  Path leases() {
    return root.resolve("leases");
  }

  Path making() {
    return root.resolve("making");
  }

  /** The folder of a pack; its manifest may be gone the next moment. */
  Path pack(String hex) {
    return packs().resolve(hex);
  }

  /** A new folder of this process's own, to put something together in. */
  Path newMaking() throws IOException {
    return Files.createDirectories(making().resolve(Owner.newName()));
  }

  /** Everything that has a name, in the order of the alphabet. */
  List<String> installedNames() {
    try {
      return children(names()).stream()
          .map(file -> String.valueOf(file.getFileName()))
          .filter(file -> file.endsWith(".json"))
          .map(file -> file.substring(0, file.length() - ".json".length()))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new MnemeException("cannot list %s: %s".formatted(names(), FailureText.of(e)), e);
    }
  }

  /** What a name means; nothing if it is no name or not installed. */
  Optional<PackName> named(String name) {
    return PackManifest.isValidName(name)
        ? PackName.read(names().resolve(name + ".json"))
        : Optional.empty();
  }

  /** Whether a name means a pack, or a process has a lease of it. */
  boolean isUsed(String hex) throws IOException {
    return installedNames().stream()
            .anyMatch(name -> named(name).stream().anyMatch(n -> n.hex().equals(hex)))
        || !children(leases().resolve(hex)).isEmpty();
  }

  /**
   * Removes a pack in one step, as others see it.
   *
   * @param alsoUsed whether to remove it although somebody began to use it just now
   * @return whether this process removed it
   */
  boolean discard(Path pack, boolean alsoUsed) throws IOException {
    Path aside = newMaking();
    Path moved = aside.resolve("pack");
    try {
      step.run();
      Files.move(pack, moved, StandardCopyOption.ATOMIC_MOVE);
      if (!alsoUsed && isUsed(String.valueOf(pack.getFileName()))) {
        putBack(moved, pack);
        return false;
      }
      step.run();
      return true;
    } catch (NoSuchFileException e) {
      return false; // another process removed it
    } finally {
      delete(aside);
    }
  }

  private static void putBack(Path moved, Path pack) throws IOException {
    try {
      Files.move(moved, pack, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      if (!Files.exists(pack)) {
        throw e;
      } // or else another process missed it and made it again
    }
  }

  /** What processes that ended left behind. */
  static void removeAbandoned(Path folder) {
    try {
      for (Path child : children(folder)) {
        if (Owner.hasEnded(String.valueOf(child.getFileName()))) {
          delete(child);
        }
      }
    } catch (IOException e) {
      // A store that cannot be written to, or another process was faster.
    }
  }

  static List<Path> children(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> list = Files.list(folder)) {
      return list.toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  static void delete(Path path) throws IOException {
    if (Files.exists(path)) {
      MoreFiles.deleteRecursively(path, RecursiveDeleteOption.ALLOW_INSECURE);
    }
  }
}
