package dev.mneme.store.packs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.io.ByteSource;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.PackIntegrityException;
import dev.mneme.UnresolvedNameException;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackLabel;
import dev.mneme.store.PackManifest;
import dev.mneme.store.PackVersion;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Packs on disk by name and by content. */
class MemoryStoreTest {

  private static final PackVersion SECOND = new PackVersion(1, 1, 0);

  @TempDir Path directory;

  private Path root;
  private MemoryStore store;

  @BeforeEach
  void openAStore() {
    root = directory.resolve("a store, näive");
    store = MemoryStore.at(root);
  }

  private MemoryPack pack(String name, PackVersion version, int seed) {
    Path model = TinyModel.write(TinyModel.directory(directory, "model"), Family.LLAMA, seed);
    Path out = directory.resolve("%s-%s-%d".formatted(name, version, seed));
    return MemoryPack.importFrom(model, PackLabel.of(name, "").withVersion(version), out);
  }

  private InstalledPack install(MemoryPack pack) {
    try (PackFolder source = PackFolder.open(pack.directory())) {
      return store.install(source, Trust.OFF, false);
    }
  }

  private List<String> files(String folder) throws IOException {
    try (Stream<Path> list = Files.walk(root.resolve(folder))) {
      return list.filter(Files::isRegularFile).map(Path::toString).toList();
    }
  }

  @Test
  void aPackIsFoundByItsName() {
    MemoryPack law = pack("law", PackVersion.FIRST, 1);
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
    MemoryPack law = pack("law", PackVersion.FIRST, 1);
    Path file = directory.resolve("law.mpack");
    PackArchive.write(law, file);
    try (PackArchive source = PackArchive.open(file)) {
      assertThat(store.install(source, Trust.OFF, false).digest()).isEqualTo(law.digest());
    }
  }

  @Test
  void packsShareTheBytesOfEqualFiles() throws IOException {
    install(pack("law", PackVersion.FIRST, 1));
    install(pack("finance", PackVersion.FIRST, 2)); // other weights, the same tokenizer
    assertThat(files("packs")).hasSize(2 * 4);
    assertThat(files("blobs")).hasSize(4); // two weights, one tokenizer, one configuration
    Path one = store.find("law").orElseThrow().directory().resolve("tokenizer.json");
    Path other = store.find("finance").orElseThrow().directory().resolve("tokenizer.json");
    assertThat(Files.isSameFile(one, other)).isTrue();
  }

  @Test
  void nothingIsLeftInTheMaking() throws IOException {
    install(pack("law", PackVersion.FIRST, 1));
    assertThat(files("making")).isEmpty();
  }

  @Test
  void aLaterVersionTakesThePlaceOfAnEarlierOne() {
    install(pack("law", PackVersion.FIRST, 1));
    InstalledPack second = install(pack("law", SECOND, 2));
    assertThat(store.list()).containsExactly(second);
    assertThat(second.version()).isEqualTo(SECOND);
  }

  @Test
  void anEarlierVersionNeedsAWord() {
    MemoryPack first = pack("law", PackVersion.FIRST, 1);
    InstalledPack second = install(pack("law", SECOND, 2));
    assertThatThrownBy(() -> install(first))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("law", "1.0.0", "1.1.0", "older");
    assertThat(store.find("law")).hasValue(second);
    try (PackFolder source = PackFolder.open(first.directory())) {
      assertThat(store.install(source, Trust.OFF, true).digest()).isEqualTo(first.digest());
    }
  }

  /** A source whose files are not what its manifest says. */
  private record Wrong(PackSource of, String file, ByteSource instead) implements PackSource {
    @Override
    public String origin() {
      return of.origin();
    }

    @Override
    public byte[] manifestBytes() {
      return of.manifestBytes();
    }

    @Override
    public PackManifest manifest() {
      return of.manifest();
    }

    @Override
    public Optional<byte[]> signature() {
      return of.signature();
    }

    @Override
    public InputStream open(PackManifest.Entry wanted) throws IOException {
      return wanted.name().equals(file) ? instead.openStream() : of.open(wanted);
    }

    @Override
    public void close() {
      of.close();
    }
  }

  private void refusesWrong(byte[] instead, String... words) throws IOException {
    MemoryPack first = pack("law", PackVersion.FIRST, 1);
    install(first);
    MemoryPack second = pack("law", SECOND, 2);
    try (PackFolder folder = PackFolder.open(second.directory());
        var wrong = new Wrong(folder, "config.json", ByteSource.wrap(instead))) {
      assertThatThrownBy(() -> store.install(wrong, Trust.OFF, false))
          .isInstanceOf(PackIntegrityException.class)
          .hasMessageContaining("config.json")
          .hasMessageContainingAll(words);
    }
    assertThat(store.find("law").orElseThrow().digest()).isEqualTo(first.digest());
    assertThat(files("packs")).hasSize(4);
    assertThat(files("making")).isEmpty();
  }

  private byte[] configuration() throws IOException {
    MemoryPack pack = pack("law", SECOND, 3);
    return Files.readAllBytes(pack.directory().resolve("config.json"));
  }

  @Test
  void oneFlippedByteIsRefusedAndNothingInstalled() throws IOException {
    byte[] bytes = configuration();
    bytes[5] ^= 1;
    refusesWrong(bytes, "SHA-256", "expected");
  }

  @Test
  void aFileCutShortIsRefused() throws IOException {
    byte[] bytes = configuration();
    refusesWrong(java.util.Arrays.copyOf(bytes, 10), "10 bytes, expected " + bytes.length);
  }

  @Test
  void aFileThatGoesOnIsRefusedWithoutReadingOn() throws IOException {
    refusesWrong(new byte[100_000], "more bytes");
  }

  @Test
  void anUnsignedPackIsRefusedWhereSignaturesAreRequired() throws IOException {
    var trust = new Trust(Trust.Policy.REQUIRE, List.of());
    MemoryPack law = pack("law", PackVersion.FIRST, 1);
    try (PackFolder source = PackFolder.open(law.directory())) {
      assertThatThrownBy(() -> store.install(source, trust, false))
          .isInstanceOf(UntrustedPackException.class);
    }
    assertThat(root).doesNotExist();
  }

  @Test
  void aNameThatIsNotInstalledIsRefusedWithThoseThatAre() {
    install(pack("law", PackVersion.FIRST, 1));
    assertThatThrownBy(() -> store.lease("finance", Trust.OFF))
        .isInstanceOf(UnresolvedNameException.class)
        .hasMessageContainingAll("finance", "law");
    assertThat(store.find("../law")).isEmpty();
    assertThat(store.remove("../names/law")).isFalse();
  }

  @Test
  void whatANameMeantStaysWhileItIsLeased() {
    InstalledPack first = install(pack("law", PackVersion.FIRST, 1));
    PackLease lease = store.lease("law", Trust.OFF);
    install(pack("law", SECOND, 2));
    assertThat(store.collect(Duration.ofHours(-1)).packs()).isEmpty();
    assertThat(MemoryPack.open(lease.pack().directory()).digest()).isEqualTo(first.digest());
    lease.close();
    MemoryStore.Collected collected = store.collect(Duration.ofHours(-1));
    assertThat(collected.packs()).containsExactly(first.digest());
    assertThat(collected.bytes()).isPositive();
    assertThat(first.directory()).doesNotExist();
    assertThat(store.verify("law", Trust.OFF).version()).isEqualTo(SECOND);
  }

  @Test
  void leasesOfProcessesThatEndedAreWorthNothing() throws IOException {
    InstalledPack first = install(pack("law", PackVersion.FIRST, 1));
    Path leases = root.resolve("leases").resolve(first.digest().substring(7));
    Files.createDirectories(leases);
    Files.createFile(leases.resolve("999999999-1-00000000-0000-0000-0000-000000000000"));
    store.remove("law");
    assertThat(store.collect(Duration.ofHours(-1)).packs()).containsExactly(first.digest());
  }

  @Test
  void whatIsNewIsNotCollected() {
    install(pack("law", PackVersion.FIRST, 1));
    store.remove("law");
    assertThat(store.collect(MemoryStore.GRACE).packs()).isEmpty();
  }

  @Test
  void collectingLeavesWhatHasAName() {
    InstalledPack law = install(pack("law", PackVersion.FIRST, 1));
    assertThat(store.collect(Duration.ofHours(-1)))
        .isEqualTo(new MemoryStore.Collected(List.of(), 0));
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
    MemoryPack law = pack("law", PackVersion.FIRST, 1);
    InstalledPack installed = install(law);
    Path weights = installed.directory().resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    bytes[bytes.length - 1] ^= 1;
    Files.write(weights, bytes); // the blob has the same bytes, so it is damaged too
    assertThatThrownBy(() -> store.verify("law", Trust.OFF))
        .isInstanceOf(PackIntegrityException.class)
        .hasMessageContaining("model.safetensors");
    assertThatThrownBy(() -> store.lease("law", Trust.OFF))
        .isInstanceOf(PackIntegrityException.class);
    install(law);
    assertThat(store.verify("law", Trust.OFF).digest()).isEqualTo(law.digest());
    InstalledPack other = install(pack("other", PackVersion.FIRST, 1));
    assertThat(store.verify("other", Trust.OFF)).isEqualTo(other);
  }

  @Test
  void aStoreThatCannotBeWrittenToIsRead() throws IOException {
    MemoryPack law = pack("law", PackVersion.FIRST, 1);
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
  void aStoreThatCannotBeMadeIsRefused() throws IOException {
    Path file = Files.createFile(directory.resolve("no folder"));
    MemoryPack law = pack("law", PackVersion.FIRST, 1);
    try (PackFolder source = PackFolder.open(law.directory())) {
      assertThatThrownBy(() -> MemoryStore.at(file).install(source, Trust.OFF, false))
          .isInstanceOf(MnemeException.class)
          .hasMessageContainingAll("law", "no folder");
    }
  }

  @Test
  void aNameFileThatLeadsElsewhereIsRefusedBeforeItBecomesAPath() throws IOException {
    install(pack("law", PackVersion.FIRST, 1));
    Files.writeString(
        root.resolve("names/law.json"),
        "{\"digest\":\"sha256:../../../../etc\",\"origin\":\"\",\"installed\":\"2026-01-01T00:00:00Z\"}",
        StandardCharsets.UTF_8);
    assertThatThrownBy(() -> store.find("law"))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("digest");
  }

  @Test
  void manyInstallAtOnceAndAllSucceed() throws Exception {
    List<MemoryPack> packs =
        List.of(
            pack("law", PackVersion.FIRST, 1),
            pack("law", PackVersion.FIRST, 2),
            pack("finance", PackVersion.FIRST, 1));
    try (ExecutorService pool = Executors.newFixedThreadPool(6)) {
      var results = new ArrayList<Future<InstalledPack>>();
      for (int i = 0; i < 24; i++) {
        MemoryPack pack = packs.get(i % packs.size());
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
    assertThat(files("packs")).hasSize(3 * 4);
    assertThat(files("making")).isEmpty();
    for (InstalledPack installed : store.list()) {
      store.verify(installed.name(), Trust.OFF);
    }
  }
}
