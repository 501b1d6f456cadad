package dev.mneme.store.packs;

import static dev.mneme.store.packs.TinyPacks.files;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MnemeException;
import dev.mneme.PackIntegrityException;
import dev.mneme.UnresolvedNameException;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a store of packs does wherever it is. Extend it with a place that has something of its own:
 * another file system, or one that lacks something.
 */
public abstract class MemoryStoreContract {

  @TempDir Path directory;

  private Path root;
  private MemoryStore store;
  private TinyPacks packs;

  /**
   * Where the store shall be.
   *
   * @param empty a folder that goes when the test has ended
   */
  protected abstract Path place(Path empty) throws IOException;

  @BeforeEach
  void openAStore() throws IOException {
    root = place(Files.createDirectory(directory.resolve("place")));
    store = MemoryStore.at(root);
    packs = new TinyPacks(directory);
  }

  private InstalledPack install(MemoryPack pack) {
    try (PackFolder source = PackFolder.open(pack.directory())) {
      return store.install(source, Trust.OFF, false);
    }
  }

  @Test
  void aPackIsFoundByItsName() {
    MemoryPack law = packs.make("law", PackVersion.FIRST, 1);
    InstalledPack installed = install(law);
    assertThat(installed.digest()).isEqualTo(law.digest());
    assertThat(installed.origin()).isEqualTo(law.directory().toString());
    assertThat(store.find("law")).hasValue(installed);
    assertThat(store.list()).containsExactly(installed);
    try (PackLease lease = store.lease("law", Trust.OFF)) {
      assertThat(lease.pack().digest()).isEqualTo(law.digest());
      assertThat(lease.pack().directory()).startsWith(root);
    }
  }

  @Test
  void anArchiveIsInstalledLikeItsFolder() {
    MemoryPack law = packs.make("law", PackVersion.FIRST, 1);
    Path file = directory.resolve("law.mpack");
    PackArchive.write(law, file);
    try (PackArchive source = PackArchive.open(file)) {
      assertThat(store.install(source, Trust.OFF, false).digest()).isEqualTo(law.digest());
    }
  }

  @Test
  void nothingIsLeftInTheMaking() throws IOException {
    install(packs.make("law", PackVersion.FIRST, 1));
    assertThat(files(store, "making")).isEmpty();
  }

  @Test
  void aLaterVersionTakesThePlaceOfAnEarlierOne() {
    install(packs.make("law", PackVersion.FIRST, 1));
    InstalledPack second = install(packs.make("law", TinyPacks.SECOND, 2));
    assertThat(store.list()).containsExactly(second);
    assertThat(second.version()).isEqualTo(TinyPacks.SECOND);
  }

  @Test
  void anEarlierVersionNeedsAWord() {
    MemoryPack first = packs.make("law", PackVersion.FIRST, 1);
    InstalledPack second = install(packs.make("law", TinyPacks.SECOND, 2));
    assertThatThrownBy(() -> install(first))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("law", "1.0.0", "1.1.0", "older");
    assertThat(store.find("law")).hasValue(second);
    try (PackFolder source = PackFolder.open(first.directory())) {
      assertThat(store.install(source, Trust.OFF, true).digest()).isEqualTo(first.digest());
    }
  }

  @Test
  void aNameThatIsNotInstalledIsRefusedWithThoseThatAre() {
    install(packs.make("law", PackVersion.FIRST, 1));
    assertThatThrownBy(() -> store.lease("finance", Trust.OFF))
        .isInstanceOf(UnresolvedNameException.class)
        .hasMessageContainingAll("finance", "law");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "../names/law", "/law", "law/", "Law", "law.", "con", "law\0"})
  void whatIsNoNameMeansNothing(String name) {
    install(packs.make("law", PackVersion.FIRST, 1));
    assertThat(store.find(name)).isEmpty();
    assertThat(store.remove(name)).isFalse();
    assertThatThrownBy(() -> store.lease(name, Trust.OFF))
        .isInstanceOf(UnresolvedNameException.class);
    assertThat(store.find("law")).isPresent();
  }

  @Test
  void whatANameMeantStaysWhileItIsLeased() {
    InstalledPack first = install(packs.make("law", PackVersion.FIRST, 1));
    PackLease lease = store.lease("law", Trust.OFF);
    install(packs.make("law", TinyPacks.SECOND, 2));
    assertThat(store.collect(Duration.ofHours(-1)).packs()).isEmpty();
    assertThat(MemoryPack.open(lease.pack().directory()).digest()).isEqualTo(first.digest());
    lease.close();
    assertThat(store.collect(Duration.ofHours(-1)).packs()).containsExactly(first.digest());
    assertThat(first.directory()).doesNotExist();
    assertThat(store.verify("law", Trust.OFF).version()).isEqualTo(TinyPacks.SECOND);
  }

  @Test
  void leasesOfProcessesThatEndedAreWorthNothing() throws IOException {
    InstalledPack first = install(packs.make("law", PackVersion.FIRST, 1));
    Path leases = root.resolve("leases").resolve(first.digest().substring(7));
    Files.createDirectories(leases);
    Files.createFile(leases.resolve("999999999-1-00000000-0000-0000-0000-000000000000"));
    store.remove("law");
    assertThat(store.collect(Duration.ofHours(-1)).packs()).containsExactly(first.digest());
  }

  @Test
  void whatIsNewIsNotCollected() {
    install(packs.make("law", PackVersion.FIRST, 1));
    store.remove("law");
    assertThat(store.collect(MemoryStore.GRACE))
        .isEqualTo(new MemoryStore.Collected(List.of(), 1, 0));
  }

  @Test
  void collectingLeavesWhatHasAName() {
    InstalledPack law = install(packs.make("law", PackVersion.FIRST, 1));
    assertThat(store.collect(Duration.ofHours(-1)))
        .isEqualTo(new MemoryStore.Collected(List.of(), 0, 0));
    assertThat(store.verify("law", Trust.OFF)).isEqualTo(law);
  }

  @Test
  void whatProcessesThatEndedWereMakingGoes() throws IOException {
    Path left = root.resolve("making").resolve("999999999-1-00000000-0000-0000-0000-000000000000");
    Files.createDirectories(left);
    Files.writeString(left.resolve("half"), "a model");
    MemoryStore.at(root);
    assertThat(left).doesNotExist();
  }

  @Test
  void aDamagedPackIsFoundAndMendedByInstallingItAgain() throws IOException {
    MemoryPack law = packs.make("law", PackVersion.FIRST, 1);
    InstalledPack installed = install(law);
    Path weights = installed.directory().resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    bytes[bytes.length - 1] ^= 1;
    Files.write(weights, bytes); // and also where the store shares it
    assertThatThrownBy(() -> store.verify("law", Trust.OFF))
        .isInstanceOf(PackIntegrityException.class)
        .hasMessageContaining("model.safetensors");
    assertThatThrownBy(() -> store.lease("law", Trust.OFF))
        .isInstanceOf(PackIntegrityException.class);
    install(law);
    assertThat(store.verify("law", Trust.OFF).digest()).isEqualTo(law.digest());
    InstalledPack other = install(packs.make("other", PackVersion.FIRST, 1));
    assertThat(store.verify("other", Trust.OFF)).isEqualTo(other);
  }

  @Test
  void aStoreThatCannotBeWrittenToIsRead() throws IOException {
    MemoryPack law = packs.make("law", PackVersion.FIRST, 1);
    install(law);
    var readOnly = PosixFilePermissions.fromString("r-xr-xr-x");
    var writable = PosixFilePermissions.fromString("rwxr-xr-x");
    Files.setPosixFilePermissions(root, readOnly);
    try {
      MemoryStore same = MemoryStore.at(root);
      assertThat(same.list()).hasSize(1);
      try (PackLease lease = same.lease("law", Trust.OFF)) {
        assertThat(lease.pack().digest()).isEqualTo(law.digest());
      }
    } finally {
      Files.setPosixFilePermissions(root, writable);
    }
  }

  @Test
  void manyInstallAtOnceAndAllSucceed() throws Exception {
    List<MemoryPack> three =
        List.of(
            packs.make("law", PackVersion.FIRST, 1),
            packs.make("law", PackVersion.FIRST, 2),
            packs.make("finance", PackVersion.FIRST, 1));
    try (ExecutorService pool = Executors.newFixedThreadPool(6)) {
      var results = new ArrayList<Future<InstalledPack>>();
      for (int i = 0; i < 24; i++) {
        MemoryPack pack = three.get(i % three.size());
        results.add(
            pool.submit(
                () -> {
                  try (PackFolder source = PackFolder.open(pack.directory())) {
                    return MemoryStore.at(root).install(source, Trust.OFF, false);
                  }
                }));
      }
      for (Future<InstalledPack> result : results) {
        assertThat(result.get().name()).isIn("law", "finance");
      }
    }
    assertThat(files(store, "packs")).hasSize(3 * 4);
    assertThat(files(store, "making")).isEmpty();
    for (InstalledPack installed : store.list()) {
      store.verify(installed.name(), Trust.OFF);
    }
  }
}
