package dev.mneme.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where Mneme keeps files, for accounts with and without a home folder. */
class MnemeHomeTest {

  @ParameterizedTest
  @ValueSource(strings = {"?", "", " ", "home/me"})
  void anAccountWithoutAHomeFolderHasOneThatCannotBeMade(String userHome) {
    Path folder = MnemeHome.folder(Map.of(), userHome);
    assertThat(folder).isAbsolute().doesNotExist();
    assertThat(folder.toString()).doesNotContain("?");
    assertThatThrownBy(() -> Files.createDirectories(folder)).isInstanceOf(IOException.class);
  }

  @Test
  void theVariableHelpsAnAccountWithoutAHomeFolder() {
    assertThat(MnemeHome.folder(Map.of("MNEME_HOME", "/data/mneme"), "?"))
        .isEqualTo(Path.of("/data/mneme"));
  }
}
