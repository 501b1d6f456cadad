package dev.mneme.store.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MnemeException;
import org.eclipse.aether.artifact.Artifact;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Coordinates as people write them. */
class MavenCoordinatesTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dev.law:law-pack:1.4",
        "dev.law:law_pack:2026.01-beta+7",
        "law:law:1.5-SNAPSHOT",
        "dev.law:law-pack:mpack:1.4",
        "dev.law:law-pack:jar:tiny:1.4"
      })
  void whatIsReadIsWrittenTheSame(String text) {
    assertThat(MavenCoordinates.parse(text)).hasToString("mvn:" + text);
  }

  @Test
  void theExtensionThatGoesWithoutSayingIsLeftOut() {
    assertThat(MavenCoordinates.parse("dev.law:law:jar:1.4")).hasToString("mvn:dev.law:law:1.4");
  }

  @Test
  void thePartsAreInMavensOrder() {
    Artifact artifact = MavenCoordinates.parse("dev.law:pack:mpack:tiny:1.4").toArtifact();
    assertThat(artifact.getGroupId()).isEqualTo("dev.law");
    assertThat(artifact.getArtifactId()).isEqualTo("pack");
    assertThat(artifact.getExtension()).isEqualTo("mpack");
    assertThat(artifact.getClassifier()).isEqualTo("tiny");
    assertThat(artifact.getVersion()).isEqualTo("1.4");
  }

  @ParameterizedTest
  @ValueSource(strings = {"LATEST", "RELEASE", "[1.0,2.0)", "[1.0]", "(,1.0]", "1.0,2.0"})
  void aVersionThatMovesIsRefused(String version) {
    assertThatThrownBy(() -> MavenCoordinates.parse("dev.law:law:" + version))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("\"%s\" means another version from day to day".formatted(version));
  }

  @ParameterizedTest
  @CsvSource({
    "law, there are 1 parts",
    "dev.law:law, there are 2 parts",
    "a:b:jar:c:1:2, there are 6 parts",
    ":law:1, the group is \"\"",
    "dev/law:law:1, the group is \"dev/law\"",
    "dev.law::1, the artifact is \"\"",
    "dev.law:..:1, the artifact is \"..\"",
    "dev.law:law:, the version is \"\"",
    "dev.law:law:../1, the version is \"../1\"",
    "dev.law:law:..:1, the extension is \"..\"",
    "dev.law:law:zip:1, the extension is \"zip\"",
    "dev.law:law:jar::1, the classifier is \"\"",
    "dev.law:law:jar:a/b:1, the classifier is \"a/b\"",
    "dev.law:law:${version}, the version is \"${version}\"",
  })
  void malformedCoordinatesAreRefused(String text, String what) {
    assertThatThrownBy(() -> MavenCoordinates.parse(text))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("\"mvn:%s\" is no pack's coordinates: %s".formatted(text, what))
        .hasMessageContaining(MavenCoordinates.SYNTAX);
  }
}
