package dev.mneme.djl.internal;

import ai.djl.util.Platform;
import dev.mneme.NativeLibraryException;
import dev.mneme.store.natives.LoadFailure;
import dev.mneme.store.natives.NativeFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads a native library of DJL: from a folder that nobody else can write to, with the class loader
 * that has DJL's jars, without the network.
 */
final class LibraryLoading {

  private static final Logger logger = LoggerFactory.getLogger(LibraryLoading.class);
  private static final String FOLDER = UnpackFolder.VARIABLES.getFirst();

  /** JNA, which DJL asks for GPUs, unpacks a library of its own. */
  private static final String JNA_FOLDER = "jna.tmpdir";

  private LibraryLoading() {}

  /**
   * Loads it.
   *
   * @param name for messages
   * @param engine as DJL calls its folder
   * @param load does it
   * @param missing what the class path lacks, asked after a failure
   * @throws NativeLibraryException if it cannot be loaded; says why and what to do
   */
  static <T> T load(String name, String engine, Callable<T> load, Supplier<String> missing) {
    Offline.require();
    LibrarySettings.requireSafe();
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    ClassLoader loader = loader(engine, before);
    // DJL looks for its jars with the thread's class loader, which may be any.
    thread.setContextClassLoader(loader);
    try (UnpackFolder folder = UnpackFolder.of(engine, UnpackFolder.Places.ofThisProcess());
        var _ = new Properties(folder)) {
      UnpackedLibrary.removeDamaged(
          UnpackedLibrary.of(folder.folder(), engine, Platform.detectPlatform(engine)), loader);
      return load.call();
    } catch (NativeLibraryException e) {
      throw e;
    } catch (Exception | LinkageError | AssertionError e) {
      throw new NativeLibraryException(
          "%s cannot be loaded: %s%s".formatted(name, LoadFailure.explain(e), missing.get()), e);
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  /** The loader of this class, unless only the thread's sees the libraries. */
  private static ClassLoader loader(String engine, @Nullable ClassLoader threads) {
    ClassLoader own = LibraryLoading.class.getClassLoader();
    String resource = "native/lib/" + engine + ".properties";
    return own.getResource(resource) == null
            && threads != null
            && threads.getResource(resource) != null
        ? threads
        : own;
  }

  /**
   * Refuses a library that something else in this process loaded from where others can write.
   *
   * @throws NativeLibraryException if it did
   */
  static void requireSafe(String name, String path) {
    Optional<String> objection = NativeFolder.objection(Path.of(path));
    if (objection.isPresent()) {
      throw new NativeLibraryException(
          "%s was loaded from %s, but %s; set DJL_CACHE_DIR to a folder that this user alone can write to"
              .formatted(name, path, objection.get()));
    }
  }

  /** System properties while a library is loaded. */
  private static final class Properties implements AutoCloseable {

    private final Map<String, Optional<String>> before = new HashMap<>();

    private final Optional<Path> jna;

    Properties(UnpackFolder folder) {
      set(FOLDER, folder.folder().toString());
      jna = System.getProperty(JNA_FOLDER) == null ? jnaFolder() : Optional.empty();
      jna.ifPresent(path -> set(JNA_FOLDER, path.toString()));
    }

    private static Optional<Path> jnaFolder() {
      try {
        return Optional.of(NativeFolder.temporary("mneme-jna-"));
      } catch (NativeLibraryException e) {
        logger.debug("JNA keeps its own folder: {}", e.getMessage());
        return Optional.empty();
      }
    }

    private void set(String name, String value) {
      before.put(name, Optional.ofNullable(System.getProperty(name)));
      System.setProperty(name, value);
    }

    @Override
    public void close() {
      before.forEach(
          (name, value) ->
              value.ifPresentOrElse(
                  text -> System.setProperty(name, text), () -> System.clearProperty(name)));
      try {
        if (jna.isPresent()) {
          Files.delete(jna.get());
        }
      } catch (IOException e) {
        logger.debug("{} stays: {}", jna.get(), e.toString());
      }
    }
  }
}
