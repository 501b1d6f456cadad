package dev.mneme.llamacpp.internal;

import dev.mneme.NativeLibraryException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;

/** Finds the llama.cpp library: the one the user names, or the one inside de.kherud:llama. */
final class LibraryFile {

  private static final List<String> X86_FLAGS = List.of("avx2", "fma", "f16c");

  private LibraryFile() {}

  static SymbolLookup open() {
    String named = System.getProperty("mneme.llama.library", System.getenv("MNEME_LLAMA_LIBRARY"));
    return named == null || named.isBlank() ? openBundled() : lookup(Path.of(named));
  }

  private static SymbolLookup openBundled() {
    String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    boolean arm = System.getProperty("os.arch").equals("aarch64");
    if (system.contains("win")) {
      throw new NativeLibraryException(
          "the bundled library exports no C API on Windows; set mneme.llama.library to a llama.cpp"
              + " library that does");
    }
    boolean mac = system.contains("mac");
    if (!mac && !arm) {
      requireCpuFlags();
    }
    String resource =
        "de/kherud/llama/%s/%s/libjllama.%s"
            .formatted(mac ? "Mac" : "Linux", arm ? "aarch64" : "x86_64", mac ? "dylib" : "so");
    try (InputStream in = LibraryFile.class.getClassLoader().getResourceAsStream(resource)) {
      if (in == null) {
        throw new NativeLibraryException(
            "no llama.cpp library for this system: %s is not on the class path (de.kherud:llama)"
                .formatted(resource));
      }
      Path file = Files.createTempFile("mneme-llama-", mac ? ".dylib" : ".so");
      try {
        Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
        return lookup(file);
      } finally {
        Files.deleteIfExists(file); // it stays loaded
      }
    } catch (IOException e) {
      throw new NativeLibraryException(
          "cannot unpack the llama.cpp library into %s: %s"
              .formatted(System.getProperty("java.io.tmpdir"), e.getMessage()),
          e);
    }
  }

  private static SymbolLookup lookup(Path file) {
    try {
      return SymbolLookup.libraryLookup(file, Arena.global());
    } catch (IllegalArgumentException e) {
      throw new NativeLibraryException(
          "cannot load %s: %s; on Linux it needs libgomp (package libgomp1) and libstdc++"
              .formatted(file, e.getMessage()),
          e);
    }
  }

  /** The bundled x86_64 build is compiled for these features and would die without them. */
  private static void requireCpuFlags() {
    try {
      String cpu = Files.readString(Path.of("/proc/cpuinfo"));
      for (String flag : X86_FLAGS) {
        if (!cpu.contains(" " + flag)) {
          throw new NativeLibraryException(
              "this processor lacks %s, which the bundled llama.cpp needs; set mneme.llama.library to a build for it"
                  .formatted(flag));
        }
      }
    } catch (IOException e) {
      // Not to be found out here; the library will tell.
    }
  }
}
