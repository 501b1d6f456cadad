package dev.mneme.store.packs;

import static dev.mneme.store.packs.TinyPacks.files;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mneme.store.PackVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store in a plain folder, where one file can have several names. */
class MemoryStoreTest extends MemoryStoreContract {

  @Override
  protected Path place(Path empty) {
    return empty.resolve("a store, näive");
  }

  @Test
  void packsShareTheBytesOfEqualFilesUntilNoneHasThem(@TempDir Path directory) throws IOException {
    MemoryStore store = MemoryStore.at(directory.resolve("store"));
    var packs = new TinyPacks(directory);
    InstalledPack law = TinyPacks.install(store, packs.make("law", PackVersion.FIRST, 1));
    // Other weights, the same tokenizer.
    InstalledPack finance = TinyPacks.install(store, packs.make("finance", PackVersion.FIRST, 2));
    assertThat(files(store, "packs")).hasSize(2 * 4);
    assertThat(files(store, "blobs")).hasSize(4); // two weights, one tokenizer, one configuration
    Path one = law.directory().resolve("tokenizer.json");
    Path other = finance.directory().resolve("tokenizer.json");
    assertThat(Files.isSameFile(one, other)).isTrue();

    store.remove("law");
    long weights = Files.size(law.directory().resolve("model.safetensors"));
    assertThat(store.collect(Duration.ofHours(-1)).bytes()).isEqualTo(weights);
    assertThat(files(store, "blobs")).hasSize(3);
    store.verify("finance", Trust.OFF);
  }
}
