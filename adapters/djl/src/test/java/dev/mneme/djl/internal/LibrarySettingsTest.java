package dev.mneme.djl.internal;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.NativeLibraryException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@EnabledOnOs({OS.LINUX, OS.MAC})
class LibrarySettingsTest {

  private static final String[] NAMES = {"PYTORCH_LIBRARY_PATH", "RUST_LIBRARY_PATH"};

  @TempDir private Path temporary;

  @AfterEach
  void clear() {
    for (String name : NAMES) {
      System.clearProperty(name);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"PYTORCH_LIBRARY_PATH", "RUST_LIBRARY_PATH"})
  void librariesThatOthersCanReplaceAreRefused(String name) throws IOException {
    Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
    System.setProperty(name, temporary.toString());
    assertThatCode(LibrarySettings::requireSafe).doesNotThrowAnyException();
    Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThatThrownBy(LibrarySettings::requireSafe)
        .isInstanceOf(NativeLibraryException.class)
        .hasMessageContaining(name)
        .hasMessageContaining("others can write to " + temporary);
  }
}
