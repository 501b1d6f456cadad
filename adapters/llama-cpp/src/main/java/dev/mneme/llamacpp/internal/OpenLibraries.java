package dev.mneme.llamacpp.internal;

import dev.mneme.NativeLibraryException;
import dev.mneme.store.natives.LoadFailure;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The libraries this process has loaded. They cannot be unloaded, as the process's own table of
 * them cannot be emptied, so this mirror of it lives as long. Safe for several threads.
 */
final class OpenLibraries {

  /**
   * Found or failed: a library that failed half loaded is not tried again.
   *
   * @param split whether files of a ggml of its own were opened
   */
  private record Opened(
      @Nullable LlamaLibrary library, @Nullable RuntimeException failure, boolean split) {}

  private static final Map<Optional<Path>, Opened> OPEN = new HashMap<>(); // guarded by itself

  private OpenLibraries() {}

  /**
   * Gives a library.
   *
   * @param named libllama or a release's folder; empty for the bundled one
   */
  static LlamaLibrary get(Optional<Path> named) {
    synchronized (OPEN) {
      Opened opened = OPEN.get(named);
      if (opened == null) {
        Optional<LibraryFolder> files = named.map(LibraryFolder::of);
        opened = OPEN.computeIfAbsent(files.map(LibraryFolder::llama), _ -> open(named, files));
        OPEN.put(named, opened); // every model asks, and a folder is to be searched once
      }
      if (opened.failure != null) {
        throw new NativeLibraryException(
            String.valueOf(opened.failure.getMessage()), opened.failure);
      }
      return Objects.requireNonNull(opened.library);
    }
  }

  private static Opened open(Optional<Path> named, Optional<LibraryFolder> files) {
    String origin = named.map(Path::toString).orElse(BundledLibrary.NAME);
    boolean split = false;
    try {
      files.ifPresent(OpenLibraries::requireOnlySplitBuild);
      split = files.isPresent() && files.get().isSplit();
      NativeSettings.beforeLoading();
      var library =
          new LlamaLibrary(
              files.isPresent() ? files.get().load() : BundledLibrary.open(),
              origin,
              files.map(LibraryFolder::folder));
      return new Opened(library, null, split);
    } catch (RuntimeException e) {
      return new Opened(
          null,
          new NativeLibraryException(
              "Mneme cannot use llama.cpp from %s: %s"
                  .formatted(
                      origin,
                      e instanceof NativeLibraryException
                          ? e.getMessage()
                          : LoadFailure.explain(e)),
              e),
          split);
    }
  }

  /**
   * A second build of several libraries would be bound to the ggml of the first, whose files have
   * the same names, and the linker would end the process at the first call that one lacks.
   */
  private static void requireOnlySplitBuild(LibraryFolder files) {
    if (!files.isSplit()) {
      return;
    }
    OPEN.forEach(
        (other, opened) -> {
          if (opened.split) {
            throw new NativeLibraryException(
                "this process has opened %s already, and two releases with a libggml of their own exclude each other; use one of them, or the bundled library beside it"
                    .formatted(other.orElseThrow()));
          }
        });
  }
}
