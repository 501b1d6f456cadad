package dev.mneme.store.natives;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class MountTableTest {

  private static final String ROOT = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw";

  private static String mount(String place, String options) {
    return "30 22 0:25 / %s %s shared:2 - tmpfs tmpfs rw".formatted(place, options);
  }

  private static boolean objects(String path, String... lines) {
    return MountTable.parse(List.of(lines)).objection(Path.of(path)).isPresent();
  }

  @Test
  void aFolderOnANoexecFileSystemIsRefusedByItsMount() {
    MountTable table = MountTable.parse(List.of(ROOT, mount("/no-such", "rw,nosuid,noexec")));
    assertThat(table.objection(Path.of("/no-such/a/b")).orElseThrow())
        .contains("/no-such/a/b", "forbids execution", "/no-such is mounted noexec");
  }

  @Test
  void aFolderBesideItIsAccepted() {
    assertThat(objects("/no-suchlike", ROOT, mount("/no-such", "noexec"))).isFalse();
  }

  @Test
  void theInnermostFileSystemCounts() {
    String[] lines = {ROOT, mount("/no-such", "noexec"), mount("/no-such/in", "rw")};
    assertThat(objects("/no-such/in/x", lines)).isFalse();
    assertThat(objects("/no-such/x", lines)).isTrue();
  }

  @Test
  void ofTwoAtOnePlaceTheLaterCounts() {
    assertThat(objects("/no-such", mount("/no-such", "noexec"), mount("/no-such", "rw"))).isFalse();
    assertThat(objects("/no-such", mount("/no-such", "rw"), mount("/no-such", "noexec"))).isTrue();
  }

  @Test
  void blanksInAPlaceAreUnderstood() {
    assertThat(objects("/no such/x", ROOT, mount("/no\\040such", "noexec"))).isTrue();
    assertThat(objects("/no\\such/x", ROOT, mount("/no\\134such", "noexec"))).isTrue();
  }

  @Test
  void linesThatAreNoMountsAreLeftOut() {
    assertThat(objects("/no-such", "", "30 22 0:25", ROOT)).isFalse();
    assertThat(objects("/no-such")).isFalse();
  }
}
