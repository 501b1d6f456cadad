package dev.mneme.store.packs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who gets what was left unfinished. */
class DownloadFolderTest {

  private static final String ORIGIN = "hf:owner/law@main";

  @TempDir Path directory;

  private DownloadFolder left(String content) throws IOException {
    DownloadFolder folder = DownloadFolder.claim(directory, ORIGIN);
    folder.begin();
    Files.writeString(folder.path().resolve("file.part"), content);
    return folder;
  }

  @Test
  void whatIsFinishedIsRemoved() throws IOException {
    DownloadFolder folder = left("begun");
    folder.end();
    folder.close();
    assertThat(folder.path()).doesNotExist();
  }

  @Test
  void theNextOneFindsWhatWasLeftUnfinished() throws IOException {
    left("begun").close();
    try (DownloadFolder next = DownloadFolder.claim(directory, ORIGIN)) {
      assertThat(next.path().resolve("file.part")).hasContent("begun");
    }
    try (DownloadFolder after = DownloadFolder.claim(directory, ORIGIN)) {
      assertThat(after.path()).isEmptyDirectory();
    }
  }

  @Test
  void whatIsStillInUseIsLeftAlone() throws IOException {
    try (DownloadFolder first = left("begun");
        DownloadFolder second = DownloadFolder.claim(directory, ORIGIN)) {
      assertThat(second.path()).isEmptyDirectory().isNotEqualTo(first.path());
    }
  }

  @Test
  void whatAProcessThatWasKilledLeftIsFound() throws IOException {
    Path killed;
    try (DownloadFolder folder = DownloadFolder.claim(directory, ORIGIN)) {
      killed = folder.path().resolveSibling("1-1-00000000-0000-0000-0000-000000000000");
    }
    Files.createDirectory(killed);
    Files.writeString(killed.resolve("file.part"), "begun");
    try (DownloadFolder next = DownloadFolder.claim(directory, ORIGIN)) {
      assertThat(next.path().resolve("file.part")).hasContent("begun");
    }
  }

  @Test
  void anotherOriginFindsNothing() throws IOException {
    left("begun").close();
    try (DownloadFolder other = DownloadFolder.claim(directory, ORIGIN + "2")) {
      assertThat(other.path()).isEmptyDirectory();
    }
  }

  @Test
  void whatNobodyContinuedForAMonthIsRemoved() throws IOException {
    DownloadFolder folder = left("begun");
    Path place = folder.path().getParent();
    folder.close();
    try (var children = Files.list(place)) {
      Path old = children.findFirst().orElseThrow();
      Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofDays(31))));
    }
    DownloadFolder.claim(directory, "another").close();
    assertThat(place).isEmptyDirectory();
  }
}
