package dev.mneme.store.hub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mneme.store.hub.HubFile.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Digests as hubs have them. */
class HubFileTest {

  @TempDir Path directory;

  private String digest(String content, Digest digest) throws IOException {
    Path file = Files.writeString(directory.resolve("file"), content);
    return new HubFile("file", content.length(), digest).digestOf(file);
  }

  /** What {@code git hash-object} prints. */
  @Test
  void smallFilesHaveTheNamesOfGitObjects() throws IOException {
    var kind = new Digest.GitBlob("");
    assertThat(digest("", kind)).isEqualTo("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    assertThat(digest("hello\n", kind)).isEqualTo("ce013625030ba8dba906f756967f9e9ca394464a");
  }

  /** What {@code sha256sum} prints. */
  @Test
  void largeFilesHaveSha256() throws IOException {
    assertThat(digest("hello\n", new Digest.Sha256("")))
        .isEqualTo("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
  }

  @Test
  void aPartSaysWhereItBegins() {
    assertThat(ContentRange.parse("bytes 10-19/100").orElseThrow().from()).isEqualTo(10);
    assertThat(ContentRange.parse("bytes 10-19/100").orElseThrow().all()).hasValue(100L);
    assertThat(ContentRange.parse("bytes 10-19/*").orElseThrow().all()).isEmpty();
    assertThat(ContentRange.parse("")).isEmpty();
    assertThat(ContentRange.parse("bytes */100")).isEmpty();
    assertThat(ContentRange.parse("bytes 99999999999999999999-1/2")).isEmpty();
  }
}
