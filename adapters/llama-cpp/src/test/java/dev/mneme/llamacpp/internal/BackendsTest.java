package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.NativeLibraryException;
import dev.mneme.llamacpp.Device;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The devices of the library in use, which always include the processor. */
class BackendsTest {

  private final Backends backends = LlamaLibrary.of(null).backends();

  @Test
  void theProcessorIsADeviceAndNoGpu() {
    List<Device> processors =
        backends.devices().stream().filter(device -> device.name().equals("CPU")).toList();
    assertThat(processors).hasSize(1);
    assertThat(processors.getFirst().isGpu()).isFalse();
    assertThat(processors.getFirst().description()).isNotBlank();
    assertThat(processors.getFirst().freeBytes()).isBetween(0L, processors.getFirst().totalBytes());
  }

  @Test
  void featuresSayWhatTheProcessorsBackendWasCompiledFor() {
    assertThat(backends.features()).isNotEmpty().doesNotContainKey("");
    assertThat(backends.features().values()).allSatisfy(value -> assertThat(value).isNotBlank());
  }

  @Test
  void anEmptyListOfDevicesIsOneNullPointer() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment list = backends.list(List.of(), arena);
      assertThat(list.byteSize()).isEqualTo(ADDRESS.byteSize());
      assertThat(list.get(ADDRESS, 0)).isEqualTo(MemorySegment.NULL);
    }
  }

  @Test
  void aDeviceThatIsNotThereIsRefusedNamingThoseThatAre() {
    try (Arena arena = Arena.ofConfined()) {
      assertThatThrownBy(() -> backends.list(List.of("CUDA77"), arena))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no GPU called \"CUDA77\"")
          .hasMessageContaining("CPU");
    }
  }

  @Test
  void theProcessorIsRefusedWhereGpusAreListed() {
    try (Arena arena = Arena.ofConfined()) {
      assertThatThrownBy(() -> backends.list(List.of("CPU"), arena))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no GPU called \"CPU\"");
    }
  }

  @Test
  void aFunctionThatTheProcessorsBackendLacksIsRefusedByName() {
    assertThatThrownBy(
            () -> backends.ofProcessor("ggml_no_such_function", FunctionDescriptor.of(JAVA_INT)))
        .isInstanceOf(NativeLibraryException.class)
        .hasMessageContaining("ggml_no_such_function")
        .hasMessageContaining(Release.known());
  }
}
