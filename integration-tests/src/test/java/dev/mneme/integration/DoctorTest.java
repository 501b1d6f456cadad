package dev.mneme.integration;

import static dev.mneme.integration.Commands.run;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mneme.integration.Commands.Outcome;
import dev.mneme.llamacpp.LlamaCppLibrary;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code mneme doctor} on the library the tests run on. */
class DoctorTest {

  @Test
  void itNamesWhatGgufModelsRunOnAndTriesIt() {
    Outcome outcome = run("doctor");
    LlamaCppLibrary library = LlamaCppLibrary.inspect(null);
    assertThat(outcome.code()).isZero();
    assertThat(outcome.out())
        .contains("Java", "processor", "threads")
        .contains(library.origin(), library.release(), library.layouts())
        .contains(library.devices().getFirst().name())
        .containsPattern("trial +host-3m, 1 thread: [0-9.]+ ms a token")
        .containsPattern("What to change:|Nothing to change.");
  }

  @Test
  void itsJsonHasTheSame() throws IOException {
    JsonNode json = run("doctor", "--json").json();
    LlamaCppLibrary library = LlamaCppLibrary.inspect(null);
    assertThat(json.at("/llamaCpp/release").asText()).isEqualTo(library.release());
    assertThat(json.at("/llamaCpp/openMp").asBoolean()).isEqualTo(library.usesOpenMp());
    assertThat(json.at("/llamaCpp/features").size()).isEqualTo(library.features().size());
    assertThat(json.at("/llamaCpp/devices")).hasSameSizeAs(library.devices());
    assertThat(json.at("/machine/cores").asInt())
        .isEqualTo(Runtime.getRuntime().availableProcessors());
    assertThat(json.at("/java/nativeAccess").asBoolean()).isTrue();
    assertThat(json.at("/trial/0/medianMillis").asDouble()).isPositive();
  }

  @Test
  void aLibraryThatCannotBeUsedIsExplainedAndCountsAsAFailure(@TempDir Path empty) {
    Outcome outcome = run("doctor", "--llama-library", empty);
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.out())
        .contains("cannot be used", empty.toString(), "holds no libllama")
        .contains("docs/llama-cpp.md");
  }

  @Test
  void optionsForGpusAreRefusedForWhatCannotHaveThem(@TempDir Path folder) {
    Outcome noGpu =
        run("generate", "--host", "host-3m", "--gpu-layers", "all", "--prompt", "The court");
    if (!LlamaCppLibrary.inspect(null).hasGpu()) {
      assertThat(noGpu.code()).isEqualTo(2);
      assertThat(noGpu.err()).contains("finds no GPU here", "CPU");
    }
    Outcome layers =
        run("generate", "--host", "host-3m", "--device", "CUDA0", "--prompt", "The court");
    assertThat(layers.code()).isEqualTo(2);
    assertThat(layers.err()).contains("gpuLayers is 0");
    Outcome torch = run("generate", "--host", folder, "--gpu-layers", "1", "--prompt", "The court");
    assertThat(torch.code()).isEqualTo(2);
    assertThat(torch.err()).contains("are for GGUF hosts");
  }
}
