package dev.mneme.llamacpp.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.NativeLibraryException;
import dev.mneme.llamacpp.internal.KnownReleases.Defaults;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is said of a library by its functions alone; the functions here are Java's. */
class ReleaseTest {

  private static StructImage image(List<Defaults> releases, String tag) {
    return releases.stream().filter(r -> r.tag().equals(tag)).findFirst().orElseThrow().image();
  }

  private static FakeLibrary library(String tag, Arena arena) {
    return FakeLibrary.of(
        image(KnownReleases.models(), tag), image(KnownReleases.contexts(), tag), arena);
  }

  @Test
  void everyReleaseIsRecognisedByWhatItsFunctionsReturn() {
    for (Defaults model : KnownReleases.models()) {
      Defaults context =
          KnownReleases.contexts().stream()
              .filter(r -> r.tag().equals(model.tag()))
              .findFirst()
              .orElseThrow();
      try (Arena arena = Arena.ofConfined()) {
        Release release = Release.of(library(model.tag(), arena).functions());
        assertThat(release.model().name()).as(model.tag()).isEqualTo(model.layout());
        assertThat(release.context().name()).as(model.tag()).isEqualTo(context.layout());
      }
    }
  }

  @Test
  void aLibraryWithoutVersionIsNamedForTheReleasesItsLayoutWasSeenIn() {
    try (Arena arena = Arena.ofConfined()) {
      assertThat(Release.of(library("b4916", arena).functions()).name())
          .isEqualTo("b4916 to b4980");
    }
  }

  @Test
  void aLibraryIsNamedByTheVersionsItGives() {
    try (Arena arena = Arena.ofConfined()) {
      FakeLibrary library =
          library("b8121", arena)
              .withText("ggml_version", "0.9.7")
              .withText("ggml_commit", "6faa5ae");
      assertThat(Release.of(library.functions()).name())
          .isEqualTo("b7698 to b8352 (ggml 0.9.7, 6faa5ae)");
      library.withText("llama_version", "0.5.0-dev");
      assertThat(Release.of(library.functions()).name())
          .isEqualTo("0.5.0-dev (ggml 0.9.7, 6faa5ae)");
    }
  }

  @Test
  void gpt2IsBrokenInReleasesAroundB6431Only() {
    try (Arena arena = Arena.ofConfined()) {
      FakeLibrary library = library("b6431", arena).withText("ggml_version", "0.0.1");
      assertThat(Release.of(library.functions()).broken()).containsExactly("gpt2");
      library.withText("ggml_version", "0.9.4"); // b6673
      assertThat(Release.of(library.functions()).broken()).isEmpty();
      FakeLibrary before = library("b6122", arena).withText("ggml_version", "0.0.1");
      assertThat(Release.of(before.functions()).broken()).isEmpty();
    }
  }

  @Test
  void onlyReleasesWithAVersionComputeBatchesAtOnce() {
    try (Arena arena = Arena.ofConfined()) {
      FakeLibrary library = library("b6122", arena);
      assertThat(Release.of(library.functions()).concurrentBatches()).isFalse();
      library.withText("ggml_version", "0.0.1");
      assertThat(Release.of(library.functions()).concurrentBatches()).isTrue();
    }
  }

  @Test
  void aLibraryWithoutTheFunctionsOfDefaultsIsRefusedNamingBoth() {
    try (Arena arena = Arena.ofConfined()) {
      assertThatThrownBy(() -> Release.of(new FakeLibrary(arena).functions()))
          .isInstanceOf(NativeLibraryException.class)
          .hasMessageContaining("llama_model_default_params")
          .hasMessageContaining("llama_context_default_params")
          .hasMessageContaining("known are b4916 to b4980, ")
          .hasMessageContaining("v0.5.0");
    }
  }

  @Test
  void anUnknownLayoutIsRefusedWithItsSizesAndItsVersion() {
    StructImage model = image(KnownReleases.models(), "v0.5.0");
    StructImage context = image(KnownReleases.contexts(), "v0.5.0");
    try (Arena arena = Arena.ofConfined()) {
      FakeLibrary longer =
          FakeLibrary.of(model, context.with(context.length(), 1), arena)
              .withText("ggml_version", "0.99.0");
      assertThatThrownBy(() -> Release.of(longer.functions()))
          .isInstanceOf(NativeLibraryException.class)
          .hasMessageContaining("80 and 168 bytes, ggml 0.99.0")
          .hasMessageContaining("known are b4916");
      FakeLibrary other = FakeLibrary.of(model.withInt(20, 2), context, arena);
      assertThatThrownBy(() -> Release.of(other.functions()))
          .isInstanceOf(NativeLibraryException.class)
          .hasMessageContaining("(80 and 160 bytes)");
    }
  }
}
