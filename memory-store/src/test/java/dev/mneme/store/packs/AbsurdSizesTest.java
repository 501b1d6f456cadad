package dev.mneme.store.packs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MnemeException;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackManifest;
import dev.mneme.store.PackVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sizes in manifests are numbers of whoever made them. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class AbsurdSizesTest {

  @TempDir Path directory;

  private MemoryStore store;
  private MemoryPack law;

  @BeforeEach
  void makeAPack() {
    store = MemoryStore.at(directory.resolve("store"));
    law = new TinyPacks(directory).make("law", PackVersion.FIRST, 1);
  }

  private String resized(String file, long bytes) throws IOException {
    String text = Files.readString(law.directory().resolve(PackManifest.FILE));
    return text.replaceFirst(
        "(\"name\" : \"%s\",\\s+\"bytes\" : )\\d+".formatted(file), "$1" + bytes);
  }

  private void refuses(String manifest, String... words) throws IOException {
    Files.writeString(law.directory().resolve(PackManifest.FILE), manifest);
    assertThatThrownBy(() -> TinyPacks.install(store, law))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll(words);
    assertThat(store.names()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      longs = {
        Long.MAX_VALUE,
        Long.MAX_VALUE - 1,
        1L << 62,
        PackManifest.LARGEST_FILE + 1,
        PackManifest.LARGEST_FILE,
        1_000_000_000_000L,
        -1,
        Long.MIN_VALUE,
        5_000,
        0
      })
  void aSizeThatIsNotTheFilesIsRefusedNamingTheFile(long bytes) throws IOException {
    refuses(resized("config.json", bytes), "config.json");
  }

  @Test
  void sizesWhoseSumIsMoreThanALongHoldsAreRefused() throws IOException {
    Files.writeString(
        law.directory().resolve(PackManifest.FILE), resized("config.json", Long.MAX_VALUE));
    refuses(resized("tokenizer.json", Long.MAX_VALUE), "config.json");
  }

  @Test
  void moreFilesThanAnyPackHasAreRefused() {
    var files = new StringBuilder("[");
    for (int i = 0; i <= PackManifest.MOST_FILES; i++) {
      files.append(i == 0 ? "" : ",");
      files.append("{\"name\":\"f%d\",\"bytes\":1,\"sha256\":\"%s\"}".formatted(i, "0".repeat(64)));
    }
    String text =
        new String(law.manifest().toBytes(), UTF_8)
            .replaceAll("(?s)\"files\" : \\[.*]", "\"files\" : " + files + "]");
    assertThatThrownBy(() -> PackManifest.parse("pack.json", text.getBytes(UTF_8)))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("at most 4096 files");
  }

  @Test
  void roomOnTheDiskIsLookedAtFirst() {
    assertThatThrownBy(() -> FreeSpace.require(directory.resolve("a/b"), 1L << 60, "the pack law"))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("the pack law needs", "free", directory.toString());
    FreeSpace.require(directory.resolve("a/b"), 1, "the pack law");
  }
}
