package dev.mneme.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mneme.store.PackManifest.Entry;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When a file is read again, and when its digest is taken as known. */
class KnownDigestsTest {

  private static final String MARK = "0".repeat(64);

  @TempDir Path directory;

  private Path folder;
  private Path file;
  private KnownDigests digests;

  @BeforeEach
  void writeAFile() throws IOException {
    assumeTrue(FileSystems.getDefault().supportedFileAttributeViews().contains("unix"));
    folder = directory.resolve("digests");
    digests = new KnownDigests(folder, Duration.ZERO);
    file = Files.writeString(directory.resolve("weights"), "content");
    waitForTheClock();
  }

  /** So that the file is older than now by its file system's clock. */
  private static void waitForTheClock() {
    try {
      Thread.sleep(50);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private List<Path> notes() throws IOException {
    if (!Files.exists(folder)) {
      return List.of();
    }
    try (Stream<Path> list = Files.list(folder)) {
      return list.toList();
    }
  }

  /** Puts another digest in the note, by which it shows that the file is not read. */
  private void mark() throws IOException {
    Path note = notes().getFirst();
    String text = Files.readString(note);
    Files.writeString(note, text.substring(0, text.lastIndexOf(' ') + 1) + MARK + "\n");
  }

  @Test
  void aFileThatDidNotChangeIsNotReadAgain() throws IOException {
    assertThat(digests.describe(file)).isEqualTo(PackFiles.describe(file));
    mark();
    assertThat(digests.describe(file)).isEqualTo(new Entry("weights", 7, MARK));
  }

  @Test
  void aFileWithOtherContentOfTheSameLengthIsRead() throws IOException {
    digests.describe(file);
    mark();
    Files.writeString(file, "CONTENT");
    assertThat(digests.describe(file)).isEqualTo(PackFiles.describe(file));
  }

  @Test
  void aFileWhoseTimeWasPutBackIsRead() throws IOException {
    FileTime time = Files.getLastModifiedTime(file);
    digests.describe(file);
    mark();
    Files.writeString(file, "CONTENT");
    Files.setLastModifiedTime(file, time);
    assertThat(digests.describe(file)).isEqualTo(PackFiles.describe(file));
  }

  @Test
  void aFileThatTookAnothersPlaceIsRead() throws IOException {
    Path other = Files.writeString(directory.resolve("other"), "CONTENT");
    Files.setLastModifiedTime(other, Files.getLastModifiedTime(file));
    digests.describe(file);
    mark();
    Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
    assertThat(digests.describe(file)).isEqualTo(PackFiles.describe(file));
  }

  @Test
  void aLinkWhoseFileChangedIsRead() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("link"), file);
    waitForTheClock();
    assertThat(digests.describe(link)).isEqualTo(PackFiles.describe(link));
    Files.writeString(file, "CONTENT");
    assertThat(digests.describe(link)).isEqualTo(PackFiles.describe(link));
  }

  @Test
  void aFileThatChangedJustNowIsReadAgainNextTime() throws IOException {
    var careful = new KnownDigests(folder, Duration.ofMinutes(1));
    careful.describe(file);
    assertThat(notes()).isEmpty();
  }

  @Test
  void aNoteThatIsDamagedIsNotUsed() throws IOException {
    digests.describe(file);
    Path note = notes().getFirst();
    String text = Files.readString(note);
    for (String damaged :
        List.of("", "\n\n", text.substring(0, text.length() - 9), text + "x", "\0\n" + text)) {
      Files.writeString(note, damaged);
      assertThat(digests.describe(file)).isEqualTo(PackFiles.describe(file));
    }
  }

  @Test
  void filesThatAreGoneAreForgotten() throws IOException {
    Path second = Files.writeString(directory.resolve("second"), "more");
    waitForTheClock();
    digests.describe(file);
    Files.delete(file);
    digests.describe(second);
    assertThat(notes()).hasSize(1);
  }

  @Test
  void aFolderThatCannotBeWrittenDoesNoHarm() throws IOException {
    Files.createFile(folder);
    assertThat(digests.describe(file)).isEqualTo(PackFiles.describe(file));
  }
}
