package dev.mneme.llamacpp.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.NativeLibraryException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class NativeFunctionsTest {

  @Test
  void oneRefusalNamesAllThatIsMissing() {
    try (Arena arena = Arena.ofConfined()) {
      NativeFunctions functions = new FakeLibrary(arena).withText("llama_version", "1").functions();
      var nothing = FunctionDescriptor.ofVoid();
      functions.bind("llama_free", nothing);
      functions.bind("llama_version", nothing);
      assertThat(functions.address("llama_default")).isEqualTo(MemorySegment.NULL);
      assertThat(functions.find("llama_get_memory", nothing)).isEmpty(); // some releases lack it
      assertThatThrownBy(functions::requireAll)
          .isInstanceOf(NativeLibraryException.class)
          .hasMessageContaining("[llama_free, llama_default]")
          .hasMessageContaining(Release.known());
    }
  }

  @Test
  void nothingIsRefusedWhereAllIsThere() {
    try (Arena arena = Arena.ofConfined()) {
      NativeFunctions functions =
          new FakeLibrary(arena).withText("llama_version", "0.5.0").functions();
      assertThat(functions.has("llama_version")).isTrue();
      assertThat(functions.has("ggml_version")).isFalse();
      assertThat(functions.address("llama_version")).isNotEqualTo(MemorySegment.NULL);
      assertThatCode(functions::requireAll).doesNotThrowAnyException();
    }
  }

  @Test
  void aTextIsWhatAFunctionSaysIfItIsThere() {
    try (Arena arena = Arena.ofConfined()) {
      NativeFunctions functions =
          new FakeLibrary(arena).withText("llama_version", "0.5.0-dev").functions();
      assertThat(functions.text("llama_version")).contains("0.5.0-dev");
      assertThat(functions.text("ggml_version")).isEmpty();
    }
  }
}
