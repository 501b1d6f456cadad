package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Optional;

/** Why the system refuses to load a library, which Java does not tell. */
final class LinkerError {

  private static final int RTLD_LAZY = 1;
  private static final int LONGEST_TEXT = 4096;

  private LinkerError() {}

  /** What the dynamic linker says of a file that it has just refused, and what that means. */
  static Optional<String> reason(Path file) {
    return words(file)
        .map(
            words ->
                words.contains("failed to map segment")
                    ? words
                        + "; its folder is mounted noexec, which forbids running what lies there"
                    : words
                        + "; it is no library for this system, or one that it needs is missing");
  }

  private static Optional<String> words(Path file) {
    Linker linker = Linker.nativeLinker();
    SymbolLookup system = linker.defaultLookup();
    Optional<MemorySegment> open = system.find("dlopen");
    Optional<MemorySegment> error = system.find("dlerror");
    if (open.isEmpty() || error.isEmpty()) {
      return Optional.empty();
    }
    MethodHandle dlopen =
        linker.downcallHandle(open.get(), FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
    MethodHandle dlerror = linker.downcallHandle(error.get(), FunctionDescriptor.of(ADDRESS));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment path = arena.allocateFrom(file.toString());
      // Nothing between the two: the JVM's own look-ups would replace the reason.
      var handle = (MemorySegment) dlopen.invokeExact(path, RTLD_LAZY);
      var text = (MemorySegment) dlerror.invokeExact();
      boolean known = handle.equals(MemorySegment.NULL) && !text.equals(MemorySegment.NULL);
      return known ? Optional.of(text.reinterpret(LONGEST_TEXT).getString(0)) : Optional.empty();
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }
}
