package dev.mneme.store.packs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.mneme.MnemeException;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackLabel;
import dev.mneme.store.PackVersion;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How people write where a pack is, and what a store makes of it. */
class PackReferenceTest {

  @TempDir Path directory;

  private MemoryPack pack;
  private MemoryStore store;

  @BeforeEach
  void makeAPack() {
    pack = pack(PackVersion.FIRST, 1);
    store = MemoryStore.at(directory.resolve("store"));
  }

  private MemoryPack pack(PackVersion version, int seed) {
    Path model = TinyModel.write(TinyModel.directory(directory, "model"), Family.LLAMA, seed);
    return MemoryPack.importFrom(
        model, PackLabel.of("law", "").withVersion(version), directory.resolve("law" + version));
  }

  private InstalledPack obtain(String text) {
    return store.obtain(new PackReference(text), Trust.OFF, FetchListener.NONE);
  }

  private static PackSource open(String text) {
    return new PackReference(text).open(FetchListener.NONE);
  }

  @Test
  void foldersAndArchivesAreOpenedByTheirPath() {
    Path archive = directory.resolve("law.mpack");
    PackArchive.write(pack, archive);
    for (Path path : new Path[] {pack.directory(), archive}) {
      try (PackSource source = open(path.toString())) {
        assertThat(source.manifest()).isEqualTo(pack.manifest());
      }
    }
  }

  @Test
  void aSchemeIsFoundByItsFinder() {
    try (PackSource source = open("branch:" + pack.directory())) {
      assertThat(source.origin()).isEqualTo("pinned:" + pack.directory());
    }
    assertThat(new PackReference("branch:x").isRemote()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"law", "./law", "C:\\packs\\law", "c:law", "/law:x", "HF:a/b@c", "hf:"})
  void whatHasNoSchemeIsNotElsewhere(String text) {
    assertThat(new PackReference(text).isRemote()).isFalse();
  }

  @Test
  void whatIsNothingIsRefusedWithWhatThereIs() {
    assertThatThrownBy(() -> open("nothing"))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("nothing", ".mpack", "hf:OWNER/NAME@REVISION", "branch:FOLDER");
    assertThatThrownBy(() -> open("ftp:nothing"))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("\"ftp:\"", "hf:OWNER/NAME@REVISION");
    assertThatThrownBy(() -> open("nul\0byte")).isInstanceOf(MnemeException.class);
  }

  @Test
  void aStoreInstallsWhatItDoesNotHave() {
    assertThat(obtain("branch:" + pack.directory()).digest()).isEqualTo(pack.digest());
    assertThat(store.list()).hasSize(1);
  }

  @Test
  void whatAReferenceAlwaysMeansIsNotFetchedAgain() throws IOException {
    InstalledPack first = obtain("branch:" + pack.directory());
    MoreFiles.deleteRecursively(pack.directory(), RecursiveDeleteOption.ALLOW_INSECURE);
    assertThat(obtain(first.origin())).isEqualTo(first);
    assertThatThrownBy(() -> obtain("branch:" + pack.directory()))
        .isInstanceOf(MnemeException.class);
  }

  @Test
  void anOlderPackDoesNotTakeTheNameOfANewerOne() {
    MemoryPack newer = pack(new PackVersion(1, 1, 0), 2);
    obtain("branch:" + newer.directory());
    assertThatThrownBy(() -> obtain("branch:" + pack.directory()))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("older");
    assertThat(store.require("law").digest()).isEqualTo(newer.digest());
  }

  @Test
  void whatIsInstalledIsTrustedNoMoreThanWhatIsNot() {
    InstalledPack installed = obtain("branch:" + pack.directory());
    var strict = new Trust(Trust.Policy.REQUIRE, List.of());
    var reference = new PackReference(installed.origin());
    assertThatThrownBy(() -> store.obtain(reference, strict, FetchListener.NONE))
        .isInstanceOf(UntrustedPackException.class);
    assertThatThrownBy(() -> store.lease("law", strict)).isInstanceOf(UntrustedPackException.class);
  }
}
