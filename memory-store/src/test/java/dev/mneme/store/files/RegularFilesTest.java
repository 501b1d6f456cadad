package dev.mneme.store.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.testing.NamedPipe;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What is opened and what is refused, with the reason. */
class RegularFilesTest {

  @TempDir Path folder;

  @Test
  void readsAFileAndALinkToOne() throws IOException {
    Path file = Files.writeString(folder.resolve("a"), "text");
    Path link = Files.createSymbolicLink(folder.resolve("b"), file);
    assertThat(RegularFiles.readText(file, 4)).isEqualTo("text");
    assertThat(RegularFiles.readText(link, 4)).isEqualTo("text");
    assertThat(RegularFiles.problem(link)).isEmpty();
  }

  @Test
  void refusesAPipeWithoutWaitingForIt() throws IOException {
    Path pipe = folder.resolve("pipe");
    NamedPipe.make(pipe);
    Path link = Files.createSymbolicLink(folder.resolve("link"), pipe);
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> {
          refuses(pipe, "is no regular file but a pipe");
          refuses(link, "is no regular file but a pipe");
        });
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void refusesADeviceAndASocket() throws IOException {
    refuses(Path.of("/dev/zero"), "is no regular file but a device");
    Path path = folder.resolve("socket");
    try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      socket.bind(UnixDomainSocketAddress.of(path));
      refuses(path, "is no regular file but a socket");
    }
  }

  @Test
  void refusesAFolder() {
    refuses(folder, "is a folder, not a regular file");
  }

  @Test
  void tellsAMissingFileFromALinkThatLeadsNowhere() throws IOException {
    refuses(folder.resolve("missing"), "does not exist");
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("gone"));
    refuses(link, "is a link to " + folder.resolve("gone") + ", which does not exist");
    assertThat(RegularFiles.exists(link)).isTrue();
    assertThat(RegularFiles.exists(folder.resolve("missing"))).isFalse();
  }

  @Test
  void refusesLinksThatGoRoundInACircle() throws IOException {
    Path one = folder.resolve("one");
    Path two = Files.createSymbolicLink(folder.resolve("two"), one);
    Files.createSymbolicLink(one, two);
    refuses(one, "is a link to " + two + ", which cannot be followed");
  }

  @Test
  void refusesAGitLfsPointerAndSaysWhatToDo() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("model.safetensors"),
            "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n");
    assertThatThrownBy(() -> RegularFiles.read(file, 1000))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("model.safetensors", "Git LFS pointer", "git lfs pull");
  }

  @Test
  void refusesALargeFileByItsSizeBeforeReadingIt() throws IOException {
    Path file = folder.resolve("pack.json");
    try (var sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(3L << 30);
    }
    assertThatThrownBy(() -> RegularFiles.read(file, 100))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("pack.json", "3221225472 bytes", "at most 100");
  }

  @Test
  void stopsWhereAStreamIsLongerThanAnnounced() {
    var endless =
        new java.io.InputStream() {
          @Override
          public int read() {
            return 1;
          }
        };
    assertThatThrownBy(() -> RegularFiles.read("pack.json", endless, 0, 100))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("pack.json", "more than 100 bytes");
  }

  @Test
  void refusesTextThatIsNotUtf8() throws IOException {
    Path file = Files.write(folder.resolve("keys"), new byte[] {'a', (byte) 0xFF});
    assertThatThrownBy(() -> RegularFiles.readText(file, 100))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("keys", "UTF-8");
  }

  @Test
  void writesOnlyWhereNothingOrAFileIs() throws IOException {
    RegularFiles.requirePlace(folder.resolve("new"));
    RegularFiles.requirePlace(Files.writeString(folder.resolve("old"), ""));
    assertThatThrownBy(() -> RegularFiles.requirePlace(folder))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("cannot write", "is a folder");
  }

  private static void refuses(Path file, String reason) {
    assertThatThrownBy(() -> RegularFiles.require(file))
        .isInstanceOf(MnemeException.class)
        .hasMessageStartingWith("cannot read %s: it %s".formatted(file, reason))
        .satisfies(e -> assertThat(RegularFiles.problem(file)).isPresent());
  }
}
