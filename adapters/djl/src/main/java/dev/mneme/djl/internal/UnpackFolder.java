package dev.mneme.djl.internal;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.mneme.MnemeException;
import dev.mneme.NativeLibraryException;
import dev.mneme.store.MnemeHome;
import dev.mneme.store.natives.NativeFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder that DJL unpacks its native libraries to and loads them from. DJL's own choice, where
 * the home folder cannot be written to, is a folder of a known name below {@code java.io.tmpdir},
 * and it loads whatever lies there; so the folder is chosen and checked here.
 *
 * @param folder holds one folder for each engine
 * @param temporary whether it is only for this start, and deleted after it
 */
record UnpackFolder(Path folder, boolean temporary) implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(UnpackFolder.class);

  /** What DJL reads, the first before the second. */
  static final List<String> VARIABLES = List.of("ENGINE_CACHE_DIR", "DJL_CACHE_DIR");

  /** The folder of an engine, of a version, and the files. */
  private static final int DEPTH = 2;

  private static final String REMEDY =
      "a folder that this user alone can write to (mode 700) and that is not mounted noexec";

  /**
   * Where libraries may be kept.
   *
   * @param settings what environment variables and system properties of {@link #VARIABLES} say
   * @param userHome of the account; may be anything
   * @param mnemeHome gives Mneme's folder, or throws {@link MnemeException}
   */
  record Places(
      Function<String, Optional<String>> settings, String userHome, Supplier<Path> mnemeHome) {

    static Places ofThisProcess() {
      return new Places(
          LibrarySettings::get, System.getProperty("user.home", ""), MnemeHome::folder);
    }
  }

  /**
   * Chooses the folder: what a variable names, else DJL's in the home folder, else one in Mneme's
   * folder, else a temporary one.
   *
   * @param engine as DJL calls its folder
   * @throws NativeLibraryException if there is none that is safe; says why for each
   */
  static UnpackFolder of(String engine, Places places) {
    for (String variable : VARIABLES) {
      Optional<String> named = places.settings().apply(variable);
      if (named.isPresent()) {
        return named(variable, named.get(), engine);
      }
    }
    var refused = new ArrayList<String>();
    for (Supplier<Path> place : standard(places)) {
      try {
        Path folder = place.get();
        Optional<String> objection = objection(folder, engine);
        if (objection.isEmpty()) {
          return new UnpackFolder(folder, false);
        }
        refused.add(objection.get());
      } catch (MnemeException e) {
        refused.add(String.valueOf(e.getMessage()));
      }
    }
    try {
      Path folder = NativeFolder.temporary("mneme-djl-");
      logger.warn(
          "the native libraries of DJL ({}) are unpacked for this start only, as no folder keeps them: {}; set DJL_CACHE_DIR to {}",
          engine,
          refused,
          REMEDY);
      return new UnpackFolder(folder, true);
    } catch (NativeLibraryException e) {
      throw new NativeLibraryException(
          "no folder is fit for the native libraries of DJL (%s): %s; %s; or set DJL_CACHE_DIR to such a folder"
              .formatted(engine, String.join("; ", refused), e.getMessage()),
          e);
    }
  }

  private static List<Supplier<Path>> standard(Places places) {
    return List.of(
        () -> {
          Path home = home(places.userHome());
          return home.resolve(".djl.ai");
        },
        () -> places.mnemeHome().get().resolve("native"));
  }

  private static Path home(String userHome) {
    try {
      Path home = Path.of(userHome);
      if (home.isAbsolute() && Files.isDirectory(home)) {
        return home;
      }
    } catch (InvalidPathException e) {
      // said below
    }
    throw new MnemeException("user.home is \"%s\", which is no folder".formatted(userHome));
  }

  private static UnpackFolder named(String variable, String value, String engine) {
    Path folder;
    try {
      folder = Path.of(value).toAbsolutePath();
    } catch (InvalidPathException e) {
      throw new NativeLibraryException("%s is no path: %s".formatted(variable, value), e);
    }
    Optional<String> objection = objection(folder, engine);
    if (objection.isPresent()) {
      throw new NativeLibraryException(
          "%s names %s for the native libraries of DJL (%s), but %s; name %s"
              .formatted(variable, folder, engine, objection.get(), REMEDY));
    }
    return new UnpackFolder(folder, false);
  }

  /**
   * Why the libraries of an engine can not be kept there; creates the folder if that is missing.
   */
  private static Optional<String> objection(Path folder, String engine) {
    try {
      Optional<String> above = NativeFolder.objection(folder);
      if (above.isPresent()) {
        return above;
      }
      Path own = folder.resolve(engine);
      Optional<String> inside = NativeFolder.objectionWithin(own, DEPTH);
      if (inside.isPresent()) {
        return inside;
      }
      NativeFolder.create(own);
      // Libraries that an image brings along are used where they are.
      return Files.isWritable(own) || !isEmpty(own)
          ? NativeFolder.objection(own)
          : Optional.of("this user cannot write to " + own);
    } catch (IOException e) {
      return Optional.of("it cannot be used: " + e);
    }
  }

  private static boolean isEmpty(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.findAny().isEmpty();
    }
  }

  /** Deletes a temporary folder: what was loaded from it stays loaded. */
  @Override
  public void close() {
    if (temporary) {
      try {
        MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
      } catch (IOException e) {
        logger.warn("cannot delete {}: {}", folder, e.toString());
      }
    }
  }
}
