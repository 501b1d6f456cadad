package dev.mneme.djl.internal;

import dev.mneme.NativeLibraryException;
import dev.mneme.store.natives.NativeFolder;
import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** What the user tells DJL about native libraries by environment variables and properties. */
final class LibrarySettings {

  /** Each names files or folders, separated as paths are or by commas, that DJL loads from. */
  private static final List<String> LIBRARIES =
      List.of(
          "PYTORCH_LIBRARY_PATH",
          "PYTORCH_EXTRA_LIBRARY_PATH",
          "LIBSTDCXX_LIBRARY_PATH",
          "RUST_LIBRARY_PATH");

  private LibrarySettings() {}

  /** As DJL reads a setting: the environment variable, else the system property. */
  static Optional<String> get(String name) {
    String variable = System.getenv(name);
    return Optional.ofNullable(variable != null ? variable : System.getProperty(name))
        .filter(value -> !value.isEmpty());
  }

  /**
   * Refuses libraries that another user could have put there.
   *
   * @throws NativeLibraryException if a setting names a place that others can write to
   */
  static void requireSafe() {
    for (String name : LIBRARIES) {
      for (String path :
          get(name).map(value -> value.split("[," + File.pathSeparator + "]")).stream()
              .flatMap(Arrays::stream)
              .filter(path -> !path.isBlank())
              .toList()) {
        NativeFolder.objection(Path.of(path.strip()))
            .ifPresent(
                objection -> {
                  throw new NativeLibraryException(
                      "%s names %s, but %s; no native library is loaded from where another user could put one"
                          .formatted(name, path, objection));
                });
      }
    }
  }
}
