package dev.mneme.store.maven;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the user's Maven is. */
class InstalledMavenTest {

  @TempDir Path directory;

  private Path install() throws IOException {
    Path home = Files.createDirectories(directory.resolve("maven-3")).toRealPath();
    Files.createFile(Files.createDirectories(home.resolve("bin")).resolve("mvn"));
    Files.createFile(Files.createDirectories(home.resolve("conf")).resolve("settings.xml"));
    return home;
  }

  @Test
  void itIsFoundByTheSearchPath() throws IOException {
    Path home = install();
    String path = directory.resolve("none") + File.pathSeparator + home.resolve("bin");
    assertThat(InstalledMaven.find(path)).hasValue(home);
  }

  @Test
  void aLinkLeadsToIt() throws IOException {
    Path home = install();
    Path bin = Files.createDirectories(directory.resolve("bin"));
    Files.createSymbolicLink(bin.resolve("mvn"), home.resolve("bin").resolve("mvn"));
    assertThat(InstalledMaven.find(bin.toString())).hasValue(home);
  }

  @Test
  void aCommandWithoutSettingsBesideItIsNone() throws IOException {
    Path bin = Files.createDirectories(directory.resolve("bin"));
    Files.createFile(bin.resolve("mvn"));
    assertThat(InstalledMaven.find(bin.toString())).isEmpty();
  }
}
