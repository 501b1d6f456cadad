package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Environment variables that native libraries read, set from within the process. */
final class NativeSettings {

  private NativeSettings() {}

  /** Without this every abort would first start a debugger to print a trace. */
  static void beforeLoading() {
    set("GGML_NO_BACKTRACE", "1");
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
