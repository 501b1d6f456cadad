package dev.mneme.store.packs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MnemeException;
import dev.mneme.store.ClassPathModels;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackVersion;
import dev.mneme.store.packs.PackPlace.OpenedPack;
import dev.mneme.store.testing.ModelJar;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One name in several places. */
class PackPlaceTest {

  @TempDir Path directory;

  private MemoryStore store;
  private ClassPathModels models;
  private MemoryPack installed;
  private MemoryPack shipped;

  @BeforeEach
  void putLawIntoTheStoreAndOnTheClassPath() throws IOException {
    var packs = new TinyPacks(directory);
    store = MemoryStore.at(directory.resolve("store"));
    installed = packs.make("law", TinyPacks.SECOND, 1);
    shipped = packs.make("law", PackVersion.FIRST, 2);
    Path jar =
        ModelJar.write(
            directory.resolve("shipped.jar"),
            Map.of(
                "META-INF/mneme/packs/law",
                shipped.directory(),
                "META-INF/mneme/packs/art",
                packs.make("art", PackVersion.FIRST, 3).directory()));
    models =
        ClassPathModels.of(
            new URLClassLoader(new URL[] {jar.toUri().toURL()}, null), directory.resolve("cache"));
  }

  private String digest(String given) {
    try (OpenedPack opened = PackPlace.find(given, store, models).orElseThrow().open(Trust.OFF)) {
      return opened.pack().digest();
    }
  }

  @Test
  void anInstalledPackWinsOverAShippedOne() {
    assertThat(digest("law")).isEqualTo(shipped.digest());
    TinyPacks.install(store, installed);
    assertThat(digest("law")).isEqualTo(installed.digest());
    assertThat(PackPlace.find("art", store, models))
        .containsInstanceOf(PackPlace.OnClassPath.class);
  }

  @Test
  void aPrefixMeansOnePlaceAlone() {
    TinyPacks.install(store, installed);
    assertThat(digest("store:law")).isEqualTo(installed.digest());
    assertThat(digest("classpath:law")).isEqualTo(shipped.digest());
    assertThatThrownBy(() -> digest("store:art")).isInstanceOf(MnemeException.class);
    assertThatThrownBy(() -> digest("classpath:nothing")).isInstanceOf(MnemeException.class);
  }

  @Test
  void aDamagedInstalledPackDoesNotGiveItsPlaceToAShippedOne() throws IOException {
    Path manifest = TinyPacks.install(store, installed).directory().resolve("pack.json");
    Files.delete(manifest);
    Files.writeString(manifest, "{}");
    assertThatThrownBy(() -> digest("law")).isInstanceOf(MnemeException.class);
  }

  @Test
  void aPathIsAPathAndANameThatIsNowhereIsNothing() {
    assertThat(digest(shipped.directory().toString())).isEqualTo(shipped.digest());
    assertThat(PackPlace.find("nothing", store, models)).isEmpty();
    assertThat(PackPlace.find("no/thing", store, models)).isEmpty();
    assertThat(PackPlace.find("nul\0byte", store, models)).isEmpty();
  }

  @Test
  void aFolderWithAPackUnderTheNameOfAnotherIsRefusedNamingAllPlaces() throws IOException {
    // A name that is nobody else's in the folder where tests run.
    String name = "law-" + UUID.randomUUID();
    Path here = Files.createDirectory(Path.of(name));
    try {
      MemoryPack other = new TinyPacks(directory).make(name, PackVersion.FIRST, 4);
      TinyPacks.install(store, other);
      assertThat(digest(name)).isEqualTo(other.digest()); // a folder of something else
      Files.writeString(here.resolve("config.json"), "{}");
      assertThatThrownBy(() -> digest(name))
          .isInstanceOf(MnemeException.class)
          .hasMessageContainingAll(
              here.toAbsolutePath().toString(), "store:" + name, store.root().toString());
      assertThat(PackPlace.find("./" + name, store, models))
          .containsInstanceOf(PackPlace.InFolder.class);
    } finally {
      Files.deleteIfExists(here.resolve("config.json"));
      Files.delete(here);
    }
  }
}
