package dev.mneme.store.packs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.mneme.store.PackVersion;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A store where files cannot get a second name, as on some file systems: what it shares is on
 * another file system than its packs.
 */
class UnlinkedMemoryStoreTest extends MemoryStoreContract {

  private static final Path OTHER = Path.of("/dev/shm");

  private @Nullable Path shared;

  @Override
  protected Path place(Path empty) throws IOException {
    assumeTrue(Files.isDirectory(OTHER) && Files.isWritable(OTHER), "no second file system");
    assumeFalse(
        Files.getFileStore(OTHER).equals(Files.getFileStore(empty)), "no second file system");
    shared = Files.createTempDirectory(OTHER, "mneme-test-");
    Files.createSymbolicLink(empty.resolve("blobs"), shared);
    return empty;
  }

  @AfterEach
  void removeWhatIsShared() throws IOException {
    if (shared != null) {
      MoreFiles.deleteRecursively(shared, RecursiveDeleteOption.ALLOW_INSECURE);
    }
  }

  @Test
  void everyPackKeepsItsOwnFiles(@TempDir Path directory) throws IOException {
    Path root = place(Files.createDirectory(directory.resolve("another")));
    MemoryStore store = MemoryStore.at(root);
    InstalledPack law =
        TinyPacks.install(store, new TinyPacks(directory).make("law", PackVersion.FIRST, 1));
    assertThat(root.resolve("blobs")).isEmptyDirectory();
    assertThatThrownBy(
            () ->
                Files.createLink(
                    root.resolve("blobs/link"), law.directory().resolve("config.json")))
        .isInstanceOf(FileSystemException.class);
  }
}
