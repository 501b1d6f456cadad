package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Optional;

/** Settings of the process that native libraries go by, made from within it. */
final class NativeSettings {

  /** {@code M_MMAP_THRESHOLD} of glibc's malloc.h. */
  private static final int MAPPING_THRESHOLD = -3;

  /**
   * From this many bytes on, memory comes from the system and goes back to it when it is freed. By
   * itself glibc raises its threshold to the largest block that was freed, up to 32 MB, and keeps
   * what is smaller: after some generations, each with buffers of tens of megabytes on a thread of
   * its own, that is a gigabyte.
   */
  private static final int LARGE_BLOCK = 1 << 20;

  private static final String THRESHOLD_VARIABLE = "MALLOC_MMAP_THRESHOLD_";
  private static final String TUNABLES_VARIABLE = "GLIBC_TUNABLES";

  private NativeSettings() {}

  static void beforeLoading() {
    // Without this every abort would first start a debugger to print a trace.
    set("GGML_NO_BACKTRACE", "1");
    String tunables = Objects.requireNonNullElse(System.getenv(TUNABLES_VARIABLE), "");
    if (System.getenv(THRESHOLD_VARIABLE) == null && !tunables.contains("mmap_threshold")) {
      returnLargeBlocks();
    }
  }

  /** Does nothing where the C library is not glibc. */
  private static void returnLargeBlocks() {
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> mallopt = linker.defaultLookup().find("mallopt");
    if (mallopt.isEmpty()) {
      return;
    }
    try {
      var _ =
          (int)
              linker
                  .downcallHandle(
                      mallopt.get(), FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT))
                  .invokeExact(MAPPING_THRESHOLD, LARGE_BLOCK);
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }

  private static void set(String name, String value) {
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> posix = linker.defaultLookup().find("setenv");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment nativeName = arena.allocateFrom(name);
      MemorySegment nativeValue = arena.allocateFrom(value);
      if (posix.isPresent()) {
        var _ =
            (int)
                linker
                    .downcallHandle(
                        posix.get(), FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT))
                    .invokeExact(nativeName, nativeValue, 1);
        return;
      }
      Optional<MemorySegment> windows = linker.defaultLookup().find("_putenv_s");
      if (windows.isPresent()) {
        var _ =
            (int)
                linker
                    .downcallHandle(
                        windows.get(), FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS))
                    .invokeExact(nativeName, nativeValue);
      }
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }
}
