package dev.mneme.store.natives;

import dev.mneme.MnemeException;
import dev.mneme.NativeLibraryException;
import dev.mneme.store.MnemeHome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Folders that native libraries are loaded from. Whoever can write to one, or to a folder above it,
 * can run code in this process, so only folders that this user and the administrator alone can
 * change are accepted. On Windows the folders of an account are private to it, and nothing is
 * checked.
 */
public final class NativeFolder {

  private NativeFolder() {}

  /**
   * Why no native library may be loaded from a file or folder; empty if it may. What does not exist
   * yet is judged by the folders above it.
   */
  public static Optional<String> objection(Path path) {
    Path absolute = path.toAbsolutePath();
    Optional<String> others = new PathOwnership(ProcessUser.id()).objection(absolute);
    return others.isPresent() ? others : MountTable.ofThisProcess().objection(absolute);
  }

  /**
   * As {@link #objection} for a folder and everything inside it.
   *
   * @param depth how many levels below the folder are looked at
   * @throws IOException if a folder cannot be listed
   */
  public static Optional<String> objectionWithin(Path folder, int depth) throws IOException {
    if (!Files.isDirectory(folder)) {
      return objection(folder);
    }
    List<Path> all;
    try (Stream<Path> found = Files.walk(folder, depth)) {
      all = found.toList();
    }
    var ownership = new PathOwnership(ProcessUser.id());
    for (Path path : all) {
      Optional<String> others = ownership.objection(path.toAbsolutePath());
      if (others.isPresent()) {
        return others;
      }
    }
    return MountTable.ofThisProcess().objection(folder.toAbsolutePath());
  }

  /**
   * Creates a folder, and those above it that are missing, for this user alone; leaves one that
   * exists as it is.
   */
  public static Path create(Path folder) throws IOException {
    boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
    FileAttribute<?>[] attributes =
        posix
            ? new FileAttribute<?>[] {
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
            }
            : new FileAttribute<?>[0];
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectories(folder, attributes);
    }
    return folder;
  }

  /**
   * A new folder for this user alone, below {@code java.io.tmpdir} or, where that is not fit, in
   * Mneme's folder; the caller deletes it.
   *
   * @param prefix of its name
   * @throws NativeLibraryException if neither is fit; says why and what to do
   */
  public static Path temporary(String prefix) {
    return temporary(
        prefix,
        List.of(
            () -> Path.of(System.getProperty("java.io.tmpdir", "")),
            () -> MnemeHome.folder().resolve("native")));
  }

  static Path temporary(String prefix, List<Supplier<Path>> places) {
    var refused = new ArrayList<String>();
    for (Supplier<Path> place : places) {
      try {
        Path parent = place.get().toAbsolutePath();
        Path folder = Files.createTempDirectory(create(parent), prefix);
        Optional<String> objection = objection(folder);
        if (objection.isEmpty()) {
          return folder;
        }
        Files.delete(folder);
        refused.add(objection.get());
      } catch (IOException e) {
        refused.add("one cannot be made: " + e);
      } catch (MnemeException e) {
        refused.add(String.valueOf(e.getMessage()));
      }
    }
    throw new NativeLibraryException(
        "no folder is fit to unpack a native library to: %s; set java.io.tmpdir (java -Djava.io.tmpdir=FOLDER) or MNEME_HOME to a folder that this user alone can write to (mode 700) and that is not mounted noexec"
            .formatted(String.join("; ", refused)));
  }
}
