package dev.mneme.djl.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MnemeException;
import dev.mneme.NativeLibraryException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Where DJL unpacks its libraries: never to where another user could have put one. */
@EnabledOnOs({OS.LINUX, OS.MAC})
class UnpackFolderTest {

  @TempDir private Path temporary;
  private Path home = Path.of("");
  private Path mnemeHome = Path.of("");

  @BeforeEach
  void inAFolderThatOthersSee() throws IOException {
    mode(temporary, "rwxr-xr-x");
    home = folder("home", "rwxr-xr-x");
    mnemeHome = temporary.resolve("mneme");
  }

  private static Path mode(Path path, String permissions) throws IOException {
    return Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }

  private Path folder(String name, String permissions) throws IOException {
    return mode(Files.createDirectories(temporary.resolve(name)), permissions);
  }

  private UnpackFolder choose(Map<String, String> settings, Path userHome) {
    return choose(settings, userHome.toString(), () -> mnemeHome);
  }

  private static UnpackFolder choose(
      Map<String, String> settings, String userHome, Supplier<Path> mnemeHome) {
    return UnpackFolder.of(
        "pytorch",
        new UnpackFolder.Places(
            name -> Optional.ofNullable(settings.get(name)), userHome, mnemeHome));
  }

  @Test
  void theHomeFolderIsTakenAndClosedToOthers() throws IOException {
    UnpackFolder chosen = choose(Map.of(), home);
    assertThat(chosen).isEqualTo(new UnpackFolder(home.resolve(".djl.ai"), false));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(chosen.folder())))
        .isEqualTo("rwx------");
  }

  @Test
  void aHomeFolderThatIsNoneLeadsToMnemesFolder() {
    for (String noHome : new String[] {"?", "", "/proc/none", "\0"}) {
      assertThat(choose(Map.of(), noHome, () -> mnemeHome).folder())
          .isEqualTo(mnemeHome.resolve("native"));
    }
    assertThat(Path.of("?")).doesNotExist();
  }

  @Test
  void aFolderInTheHomeThatOthersCanWriteToIsPassedBy() throws IOException {
    folder("home/.djl.ai", "rwxrwxrwx");
    assertThat(choose(Map.of(), home).folder()).isEqualTo(mnemeHome.resolve("native"));
  }

  @Test
  void aLibraryInTheHomeThatOthersCanWriteIsPassedBy() throws IOException {
    folder("home/.djl.ai", "rwxr-xr-x");
    folder("home/.djl.ai/pytorch", "rwxr-xr-x");
    folder("home/.djl.ai/pytorch/2.7.1", "rwxr-xr-x");
    Path library = Files.writeString(home.resolve(".djl.ai/pytorch/2.7.1/libtorch.so"), "");
    mode(library, "rw-rw-rw-");
    assertThat(choose(Map.of(), home).folder()).isEqualTo(mnemeHome.resolve("native"));
  }

  @Test
  void whereNothingCanBeKeptATemporaryFolderIsUsedAndDeleted() throws IOException {
    Path folder;
    try (UnpackFolder chosen =
        choose(
            Map.of(),
            "?",
            () -> {
              throw new MnemeException("there is no home");
            })) {
      folder = chosen.folder();
      assertThat(chosen.temporary()).isTrue();
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
          .isEqualTo("rwx------");
      Files.writeString(folder.resolve("lib.so"), "");
    }
    assertThat(folder).doesNotExist();
  }

  @Test
  void aNamedFolderIsTaken() throws IOException {
    Path named = folder("named", "rwxr-xr-x");
    assertThat(choose(Map.of("DJL_CACHE_DIR", named.toString()), home).folder()).isEqualTo(named);
    Path engines = folder("engines", "rwxr-xr-x");
    assertThat(
            choose(
                    Map.of(
                        "DJL_CACHE_DIR", named.toString(), "ENGINE_CACHE_DIR", engines.toString()),
                    home)
                .folder())
        .isEqualTo(engines);
  }

  @Test
  void aNamedFolderThatAllCanWriteToIsRefusedByItsVariable() throws IOException {
    Path shared = folder("shared", "rwxrwxrwx");
    assertThatThrownBy(() -> choose(Map.of("DJL_CACHE_DIR", shared.toString()), home))
        .isInstanceOf(NativeLibraryException.class)
        .hasMessageContaining("DJL_CACHE_DIR")
        .hasMessageContaining("others can write to " + shared);
  }

  @Test
  void aNamedFolderThatCannotBeMadeIsRefusedByItsVariable() throws IOException {
    Path file = Files.writeString(temporary.resolve("file"), "");
    assertThatThrownBy(() -> choose(Map.of("ENGINE_CACHE_DIR", file.resolve("x").toString()), home))
        .isInstanceOf(NativeLibraryException.class)
        .hasMessageContaining("ENGINE_CACHE_DIR");
  }
}
