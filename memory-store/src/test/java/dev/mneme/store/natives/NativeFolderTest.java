package dev.mneme.store.natives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MnemeException;
import dev.mneme.NativeLibraryException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs({OS.LINUX, OS.MAC})
class NativeFolderTest {

  @TempDir private Path temporary;

  private Path openToAll(String name) throws IOException {
    Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path folder = Files.createDirectory(temporary.resolve(name));
    return Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
  }

  @Test
  void missingFoldersAreMadeForThisUserAlone() throws IOException {
    Path made = NativeFolder.create(temporary.resolve("a/b"));
    for (Path folder : List.of(made, made.getParent())) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
          .isEqualTo("rwx------");
    }
    assertThat(NativeFolder.objection(made)).isEmpty();
  }

  @Test
  void aFolderThatExistsKeepsItsPermissions() throws IOException {
    Path folder = openToAll("all");
    NativeFolder.create(folder);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
        .isEqualTo("rwxrwxrwx");
  }

  @Test
  void whatLiesInAFolderIsLookedAtToo() throws IOException {
    Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path folder = Files.createDirectory(temporary.resolve("cache"));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path library = Files.writeString(folder.resolve("lib.so"), "");
    assertThat(NativeFolder.objectionWithin(folder, 1)).isEmpty();
    Files.setPosixFilePermissions(library, PosixFilePermissions.fromString("rw-rw-rw-"));
    assertThat(NativeFolder.objectionWithin(folder, 1).orElseThrow()).contains("lib.so");
  }

  @Test
  void whereOthersCanReplaceFoldersTheNextPlaceIsTaken() throws IOException {
    Path all = openToAll("all");
    Path own = temporary.resolve("own");
    Path folder = NativeFolder.temporary("test-", List.of(() -> all, () -> own));
    assertThat(folder.getParent()).isEqualTo(own);
    assertThat(all).isEmptyDirectory();
  }

  @Test
  void whereNoPlaceIsFitEveryReasonAndTheRemedyAreSaid() throws IOException {
    Path all = openToAll("all");
    Path file = Files.writeString(temporary.resolve("file"), "");
    assertThatThrownBy(
            () ->
                NativeFolder.temporary(
                    "test-",
                    List.of(
                        () -> all,
                        () -> file.resolve("below"),
                        () -> {
                          throw new MnemeException("there is no home");
                        })))
        .isInstanceOf(NativeLibraryException.class)
        .hasMessageContaining("others can write to " + all)
        .hasMessageContaining("file")
        .hasMessageContaining("there is no home")
        .hasMessageContaining("java.io.tmpdir")
        .hasMessageContaining("MNEME_HOME");
  }
}
