package dev.mneme.llamacpp.internal;

import dev.mneme.NativeLibraryException;
import dev.mneme.store.natives.LoadFailure;
import dev.mneme.store.natives.NativeFolder;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** The llama.cpp library inside de.kherud:llama, for users who bring none. */
final class BundledLibrary {

  /** What messages and reports call it. */
  static final String NAME = "the bundled library (de.kherud:llama)";

  private static final List<String> X86_FLAGS = List.of("avx2", "fma", "f16c");

  private BundledLibrary() {}

  /**
   * Unpacks and loads it.
   *
   * @throws NativeLibraryException if there is none for this system or processor
   */
  static SymbolLookup open() {
    String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    boolean arm = System.getProperty("os.arch").equals("aarch64");
    if (system.contains("win")) {
      throw new NativeLibraryException(
          "the bundled library exports no C API on Windows; set %s to a llama.cpp release"
              .formatted(LlamaLibrary.PROPERTY));
    }
    boolean mac = system.contains("mac");
    if (!mac && !arm) {
      requireCpuFlags();
    }
    String resource =
        "de/kherud/llama/%s/%s/libjllama.%s"
            .formatted(mac ? "Mac" : "Linux", arm ? "aarch64" : "x86_64", mac ? "dylib" : "so");
    try (InputStream in = BundledLibrary.class.getClassLoader().getResourceAsStream(resource)) {
      if (in == null) {
        throw new NativeLibraryException(
            "no llama.cpp library for this system: %s is not on the class path (de.kherud:llama)"
                .formatted(resource));
      }
      // Nobody else can put a library there before it is loaded.
      Path folder = NativeFolder.temporary("mneme-llama-");
      Path file = folder.resolve(mac ? "libjllama.dylib" : "libjllama.so");
      try {
        Files.copy(in, file);
        return LibraryFolder.load(file);
      } finally {
        Files.deleteIfExists(file); // it stays loaded
        Files.delete(folder);
      }
    } catch (IOException e) {
      throw new NativeLibraryException(
          "cannot unpack the llama.cpp library: %s; set java.io.tmpdir to a folder with 15 MB of space"
              .formatted(LoadFailure.explain(e)),
          e);
    }
  }

  /** The x86_64 build is compiled for these features and would die without them. */
  private static void requireCpuFlags() {
    try {
      String cpu = Files.readString(Path.of("/proc/cpuinfo"));
      for (String flag : X86_FLAGS) {
        if (!cpu.contains(" " + flag)) {
          throw new NativeLibraryException(
              "this processor lacks %s, which the bundled llama.cpp needs; set %s to a release of llama.cpp"
                  .formatted(flag, LlamaLibrary.PROPERTY));
        }
      }
    } catch (IOException e) {
      // Not to be found out here; the library will tell.
    }
  }
}
