package dev.mneme.llamacpp.internal;

import dev.mneme.FailureText;
import dev.mneme.NativeLibraryException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The files of a llama.cpp that its user brings: libllama, and in builds of several libraries the
 * two of ggml that it needs. Backends in the folder are ggml's own matter.
 *
 * @param folder where libllama lies
 * @param llama libllama itself, without links
 * @param ggml what is opened before it, in this order; empty where everything is in one file
 */
record LibraryFolder(Path folder, Path llama, List<Path> ggml) {

  private static final String VERSION = "(\\.[a-z]+)?([.-]?[bv]?\\d[\\w.]*)?";
  private static final String ENDING = "\\.(so|dll|dylib)(\\.[\\d.]+)?";
  private static final Pattern LLAMA = named("llama");
  private static final Pattern GGML = named("ggml");
  private static final Pattern GGML_BASE = named("ggml-base");

  /** Where releases, packages and builds put their libraries. */
  private static final List<String> PLACES = List.of("", "bin", "lib", "lib64", "build/bin");

  private static Pattern named(String name) {
    return Pattern.compile("(lib)?" + name + VERSION + ENDING);
  }

  /**
   * Finds the files.
   *
   * @param path libllama, or a folder that holds it
   * @throws NativeLibraryException if there is none, or more than one
   */
  static LibraryFolder of(Path path) {
    if (Files.isRegularFile(path)) {
      Path file = realPath(path);
      return of(Objects.requireNonNull(file.getParent()), file);
    }
    if (!Files.isDirectory(path)) {
      throw new NativeLibraryException(
          "%s is neither a file nor a folder; name libllama or the folder of a llama.cpp release"
              .formatted(path));
    }
    for (String place : PLACES) {
      Path folder = path.resolve(place);
      List<Path> found = Files.isDirectory(folder) ? matching(folder, LLAMA) : List.of();
      if (found.size() > 1) {
        throw new NativeLibraryException(
            "%s holds %d different llama.cpp libraries, %s; name the one to load"
                .formatted(folder, found.size(), found.stream().map(Path::getFileName).toList()));
      }
      if (!found.isEmpty()) {
        return of(folder, found.getFirst());
      }
    }
    throw new NativeLibraryException(
        "%s holds no libllama (llama.dll, libllama.dylib), nor do its folders %s"
            .formatted(path, PLACES.subList(1, PLACES.size())));
  }

  private static LibraryFolder of(Path folder, Path llama) {
    Optional<Path> base = matching(folder, GGML_BASE).stream().findFirst();
    Optional<Path> ggml = matching(folder, GGML).stream().findFirst();
    return new LibraryFolder(
        folder, llama, Stream.of(base, ggml).flatMap(Optional::stream).toList());
  }

  /** Files by name; links to one file count once, and copies that an archive made of links. */
  private static List<Path> matching(Path folder, Pattern name) {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> all =
          files
              .filter(file -> name.matcher(file.getFileName().toString()).matches())
              .map(LibraryFolder::realPath)
              .distinct()
              .sorted()
              .toList();
      var different = new ArrayList<Path>();
      for (Path file : all) {
        boolean known = false;
        for (Path other : different) {
          known |= Files.mismatch(other, file) < 0;
        }
        if (!known) {
          different.add(file);
        }
      }
      return different;
    } catch (IOException e) {
      throw new NativeLibraryException("cannot list %s: %s".formatted(folder, e), e);
    }
  }

  private static Path realPath(Path file) {
    try {
      return file.toRealPath();
    } catch (IOException e) {
      throw new NativeLibraryException("cannot read %s: %s".formatted(file, e), e);
    }
  }

  /** Whether ggml is in files of its own, of which a process can hold one release only. */
  boolean isSplit() {
    return !ggml.isEmpty();
  }

  /**
   * Loads the files for good. Windows looks for the libraries that one needs neither beside it nor
   * among its symbols, so each is opened by its path, the needed ones first.
   */
  SymbolLookup load() {
    SymbolLookup symbols = _ -> Optional.empty();
    for (Path file : ggml) {
      symbols = load(file).or(symbols);
    }
    return load(llama).or(symbols);
  }

  /** Loads one file for good. */
  static SymbolLookup load(Path file) {
    try {
      return SymbolLookup.libraryLookup(file, Arena.global());
    } catch (IllegalArgumentException e) {
      throw new NativeLibraryException(
          "cannot load %s: %s".formatted(file, LinkerError.reason(file).orElse(FailureText.of(e))),
          e);
    }
  }
}
