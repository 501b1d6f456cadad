package dev.mneme.store.packs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MalformedFileException;
import dev.mneme.PackIntegrityException;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackManifest;
import dev.mneme.store.PackVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Installed packs whose manifest was changed: a pack is what its digest says. */
class ChangedStoreTest {

  @TempDir Path directory;

  private MemoryStore store;
  private MemoryPack law;
  private Path manifest;

  @BeforeEach
  void installAndChange() throws IOException {
    store = MemoryStore.at(directory.resolve("store"));
    var packs = new TinyPacks(directory);
    law = packs.make("law", PackVersion.FIRST, 1);
    TinyPacks.install(store, packs.make("art", PackVersion.FIRST, 2));
    manifest = TinyPacks.install(store, law).directory().resolve(PackManifest.FILE);
    rewrite(Files.readString(manifest).replace("\"lambda\" : 0.6", "\"lambda\" : 0.9"));
  }

  private void rewrite(String text) throws IOException {
    Files.delete(manifest);
    Files.writeString(manifest, text);
  }

  @Test
  void whoeverAsksForThePackIsToldThatItWasChanged() {
    assertThatThrownBy(() -> store.find("law"))
        .isInstanceOf(PackIntegrityException.class)
        .hasMessageContainingAll(
            manifest.toString(), "was changed after it was installed", law.digest());
    assertThatThrownBy(() -> store.require("law")).isInstanceOf(PackIntegrityException.class);
    assertThatThrownBy(() -> store.verify("law", Trust.OFF))
        .isInstanceOf(PackIntegrityException.class);
    assertThatThrownBy(() -> store.lease("law", Trust.OFF))
        .isInstanceOf(PackIntegrityException.class);
  }

  @Test
  void otherPacksAreListedAndTheDamagedOneIsNamed() {
    assertThat(store.list()).extracting(InstalledPack::name).containsExactly("art");
    assertThat(store.damaged()).containsOnlyKeys("law");
    assertThat(store.names()).containsExactly("art", "law");
    assertThat(store.has("law")).isTrue();
  }

  @Test
  void installingItAgainPutsItRight() {
    TinyPacks.install(store, law);
    assertThat(store.verify("law", Trust.OFF).digest()).isEqualTo(law.digest());
    assertThat(store.damaged()).isEmpty();
  }

  @Test
  void aManifestThatIsNoneIsPutRightToo() throws IOException {
    rewrite("{");
    assertThatThrownBy(() -> store.find("law")).isInstanceOf(PackIntegrityException.class);
    TinyPacks.install(store, law);
    assertThat(store.damaged()).isEmpty();
  }

  @Test
  void aNameThatIsDamagedIsListedAsThat() throws IOException {
    Path name = store.root().resolve("names/law.json");
    Files.writeString(name, "{}");
    assertThatThrownBy(() -> store.find("law")).isInstanceOf(MalformedFileException.class);
    assertThat(store.damaged()).containsOnlyKeys("law");
  }

  @Test
  void itCanBeRemovedAndCollected() {
    assertThat(store.remove("law")).isTrue();
    assertThat(store.collect(Duration.ZERO).packs()).containsExactly(law.digest());
    assertThat(store.list()).hasSize(1);
  }
}
