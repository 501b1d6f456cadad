package dev.mneme.llamacpp.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mneme.llamacpp.internal.KnownReleases.Defaults;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which layouts the defaults of real releases are taken for. */
class LayoutRecognitionTest {

  static List<Defaults> models() {
    return KnownReleases.models();
  }

  static List<Defaults> contexts() {
    return KnownReleases.contexts();
  }

  @ParameterizedTest
  @MethodSource("models")
  void aReleasesModelParametersFitOneLayout(Defaults release) {
    assertThat(ModelLayout.fitting(release.image().defaults()))
        .containsExactly(ModelLayout.valueOf(release.layout()));
  }

  @ParameterizedTest
  @MethodSource("contexts")
  void aReleasesContextParametersFitOneLayout(Defaults release) {
    assertThat(ContextLayout.fitting(release.image().defaults()))
        .containsExactly(ContextLayout.valueOf(release.layout()));
  }

  @Test
  void everyLayoutIsThatOfAReleaseAndSaysItsFirst() {
    for (ModelLayout layout : ModelLayout.values()) {
      assertThat(layout.seen()).startsWith(firstOf(models(), layout.name()));
    }
    for (ContextLayout layout : ContextLayout.values()) {
      assertThat(layout.seen()).startsWith(firstOf(contexts(), layout.name()));
    }
  }

  private static String firstOf(List<Defaults> releases, String layout) {
    return releases.stream().filter(r -> r.layout().equals(layout)).findFirst().orElseThrow().tag();
  }

  @Test
  void bothTablesHaveTheSameReleases() {
    assertThat(models().stream().map(Defaults::tag).toList())
        .hasSize(17)
        .containsExactlyElementsOf(contexts().stream().map(Defaults::tag).toList());
  }

  @Test
  void structsAreAsLongAsTheHeadersMakeThem() {
    assertThat(Arrays.stream(ModelLayout.values()).map(layout -> layout.struct().byteSize()))
        .containsExactly(64L, 72L, 72L, 80L);
    assertThat(Arrays.stream(ContextLayout.values()).map(layout -> layout.struct().byteSize()))
        .containsExactly(120L, 120L, 120L, 136L, 160L, 160L);
  }

  @Test
  void nothingWrittenFitsNothing() {
    StructImage nothing = StructImage.of("nothing", 0, List.of(), List.of());
    assertThat(ModelLayout.fitting(nothing.defaults())).isEmpty();
    assertThat(ContextLayout.fitting(nothing.defaults())).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("models")
  void anotherNumberBeforeTheSplitModeThatIsOneIsRefused(Defaults release) {
    var places = KnownReleases.places(ModelLayout.valueOf(release.layout()));
    StructImage changed = release.image().withInt(places.gpuLayers(), 1);
    assertThat(ModelLayout.fitting(changed.defaults())).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("contexts")
  void aMinusOneBeforeTheEnumsIsRefused(Defaults release) {
    var places = KnownReleases.places(ContextLayout.valueOf(release.layout()));
    for (int offset = 16; offset < places.enums(); offset += Integer.BYTES) {
      StructImage changed = release.image().withInt(offset, -1);
      assertThat(ContextLayout.fitting(changed.defaults())).as("at %d", offset).isEmpty();
    }
  }
}
