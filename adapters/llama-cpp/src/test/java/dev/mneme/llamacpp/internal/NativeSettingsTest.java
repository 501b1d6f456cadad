package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class NativeSettingsTest {

  /** Java's own view of the environment is a copy from before. */
  @Test
  void nativeLibrariesSeeTheVariable() throws Throwable {
    NativeSettings.beforeLoading();
    Linker linker = Linker.nativeLinker();
    var getenv =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("getenv"), FunctionDescriptor.of(ADDRESS, ADDRESS));
    try (Arena arena = Arena.ofConfined()) {
      var value = (MemorySegment) getenv.invokeExact(arena.allocateFrom("GGML_NO_BACKTRACE"));
      assertThat(value.reinterpret(16).getString(0)).isEqualTo("1");
    }
  }
}
