package dev.mneme.store.packs;

import static dev.mneme.store.packs.TinyPacks.files;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.google.common.io.ByteSource;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.PackIntegrityException;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackVersion;
import dev.mneme.store.testing.NamedPipe;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Installs that fail, each for one reason, and leave the store as it was. */
class RefusedInstallTest {

  @TempDir Path directory;

  private Path root;
  private MemoryStore store;
  private TinyPacks packs;
  private MemoryPack first;
  private MemoryPack second;

  @BeforeEach
  void installThePackBefore() {
    root = directory.resolve("store");
    store = MemoryStore.at(root);
    packs = new TinyPacks(directory);
    first = packs.make("law", PackVersion.FIRST, 1);
    TinyPacks.install(store, first);
    second = packs.make("law", TinyPacks.SECOND, 2);
  }

  private void refuses(PackSource source, Class<? extends MnemeException> how, String... words)
      throws IOException {
    List<Path> before = files(store, ".");
    assertThatThrownBy(() -> store.install(source, Trust.OFF, false))
        .isExactlyInstanceOf(how)
        .hasMessageContainingAll(words);
    assertThat(store.verify("law", Trust.OFF).digest()).isEqualTo(first.digest());
    assertThat(root.resolve("making")).isEmptyDirectory();
    assertThat(files(store, ".")).hasSameElementsAs(before);
  }

  private void refusesInstead(
      ByteSource instead, Class<? extends MnemeException> how, String... words) throws IOException {
    try (PackFolder folder = PackFolder.open(second.directory())) {
      refuses(new AlteredSource(folder, "config.json", instead), how, words);
    }
  }

  private void refusesWrong(byte[] instead, String... words) throws IOException {
    refusesInstead(ByteSource.wrap(instead), PackIntegrityException.class, words);
  }

  private byte[] configuration() throws IOException {
    return Files.readAllBytes(second.directory().resolve("config.json"));
  }

  /** A pack's folder with something else in the place of a file; must not wait for it either. */
  private void refusesFolder(String... words) throws IOException {
    try (PackFolder folder = PackFolder.open(second.directory())) {
      assertTimeoutPreemptively(
          Duration.ofSeconds(20), () -> refuses(folder, PackIntegrityException.class, words));
    }
  }

  @Test
  void oneFlippedByteIsRefused() throws IOException {
    byte[] bytes = configuration();
    bytes[5] ^= 1;
    refusesWrong(bytes, "config.json", "SHA-256", "expected");
  }

  @Test
  void aFileCutShortIsRefused() throws IOException {
    byte[] bytes = configuration();
    refusesWrong(Arrays.copyOf(bytes, 10), "config.json", "10 bytes, expected " + bytes.length);
  }

  @Test
  void aFileThatGoesOnIsRefusedWithoutReadingOn() throws IOException {
    refusesInstead(
        new ByteSource() {
          @Override
          public InputStream openStream() {
            return new InputStream() {
              @Override
              public int read() {
                return 'x'; // for ever
              }

              @Override
              public int read(byte[] into, int offset, int length) {
                Arrays.fill(into, offset, offset + length, (byte) read());
                return length;
              }
            };
          }
        },
        PackIntegrityException.class,
        "config.json",
        "more bytes");
  }

  /** Gives half of a file and then fails. */
  private ByteSource halfThen(IOException problem) throws IOException {
    byte[] bytes = configuration();
    return new ByteSource() {
      @Override
      public InputStream openStream() {
        InputStream failing =
            new InputStream() {
              @Override
              public int read() throws IOException {
                throw problem;
              }

              @Override
              public int read(byte[] into, int offset, int length) throws IOException {
                throw problem;
              }
            };
        var half = new ByteArrayInputStream(bytes, 0, bytes.length / 2);
        return new SequenceInputStream(half, failing);
      }
    };
  }

  @Test
  void aDiskThatIsFullInTheMiddleOfAFileIsNotBlamedOnThePack() throws IOException {
    String full = "No space left on device";
    refusesInstead(halfThen(new IOException(full)), MnemeException.class, "law", full);
    refusesInstead(
        halfThen(new FileSystemException("config.json", null, full)),
        MnemeException.class,
        "law",
        full);
  }

  @Test
  void aFileThatIsAbsentIsRefused() throws IOException {
    Files.delete(second.directory().resolve("config.json"));
    refusesFolder("\"config.json\" cannot be read");
  }

  @Test
  void aSymbolicLinkIsRefused() throws IOException {
    Path config = second.directory().resolve("config.json");
    Path elsewhere = Files.move(config, directory.resolve("elsewhere.json"));
    Files.createSymbolicLink(config, elsewhere);
    refusesFolder("config.json", "is no regular file");
  }

  @Test
  void aFolderInTheFilesPlaceIsRefused() throws IOException {
    Path config = second.directory().resolve("config.json");
    Files.delete(config);
    Files.createDirectory(config);
    refusesFolder("config.json", "is no regular file");
  }

  @Test
  void aPipeIsRefusedWithoutWaitingForIt() throws IOException {
    NamedPipe.make(second.directory().resolve("config.json"));
    refusesFolder("config.json", "is no regular file");
  }

  @Test
  void aSignatureThatIsAPipeIsRefusedWithoutWaitingForIt() throws IOException {
    NamedPipe.make(second.directory().resolve(PackSignature.FILE));
    try (PackFolder folder = PackFolder.open(second.directory())) {
      assertTimeoutPreemptively(
          Duration.ofSeconds(20),
          () -> refuses(folder, MnemeException.class, PackSignature.FILE, "is no regular file"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a pipe", "a link"})
  void aManifestThatIsNoFileIsRefusedWithoutWaitingForIt(String kind) throws IOException {
    Path manifest = second.directory().resolve("pack.json");
    if (kind.equals("a pipe")) {
      NamedPipe.make(manifest);
    } else {
      Files.createSymbolicLink(manifest, Files.move(manifest, directory.resolve("elsewhere")));
    }
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () ->
            assertThatThrownBy(() -> PackFolder.open(second.directory()))
                .isInstanceOf(MnemeException.class)
                .hasMessageContainingAll("pack.json", "is no regular file"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"pack.json", "pack.sig"})
  void aSmallFileOfGigabytesIsRefusedBeforeItIsRead(String name) throws IOException {
    try (var sparse = new RandomAccessFile(second.directory().resolve(name).toFile(), "rw")) {
      sparse.setLength(3L << 30);
    }
    assertThatThrownBy(
            () -> {
              try (PackFolder source = PackFolder.open(second.directory())) {
                source.signature();
              }
            })
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll(name, "3221225472 bytes");
  }

  @Test
  void aHardLinkIsCopiedSoThatNothingOutsideChangesTheStore() throws IOException {
    Path config = second.directory().resolve("config.json");
    Path outside = Files.createLink(directory.resolve("outside.json"), config);
    InstalledPack installed = TinyPacks.install(store, second);
    Files.writeString(outside, "{}");
    assertThat(store.verify("law", Trust.OFF)).isEqualTo(installed);
  }

  @Test
  void anUnsignedPackIsRefusedWhereSignaturesAreRequired() {
    var trust = new Trust(Trust.Policy.REQUIRE, List.of());
    Path elsewhere = directory.resolve("elsewhere");
    try (PackFolder source = PackFolder.open(second.directory())) {
      assertThatThrownBy(() -> MemoryStore.at(elsewhere).install(source, trust, false))
          .isInstanceOf(UntrustedPackException.class);
    }
    assertThat(elsewhere).doesNotExist();
  }

  @Test
  void aStoreThatCannotBeMadeIsRefused() throws IOException {
    Path file = Files.createFile(directory.resolve("no folder"));
    try (PackFolder source = PackFolder.open(second.directory())) {
      assertThatThrownBy(() -> MemoryStore.at(file).install(source, Trust.OFF, false))
          .isInstanceOf(MnemeException.class)
          .hasMessageContainingAll("law", "no folder");
    }
    assertThat(file).isEmptyFile();
  }

  @Test
  void aStoreThatCannotBeWrittenToRefusesToInstallAndStaysAsItWas() throws IOException {
    var readOnly = PosixFilePermissions.fromString("r-xr-xr-x");
    var writable = PosixFilePermissions.fromString("rwxr-xr-x");
    Files.setPosixFilePermissions(root.resolve("making"), readOnly);
    try {
      assumeFalse(Files.isWritable(root.resolve("making")), "this user may write everywhere");
      try (PackFolder source = PackFolder.open(second.directory())) {
        refuses(source, MnemeException.class, "cannot install the pack law", root.toString());
      }
    } finally {
      Files.setPosixFilePermissions(root.resolve("making"), writable);
    }
  }

  @Test
  void aNameFileThatLeadsElsewhereIsRefusedBeforeItBecomesAPath() throws IOException {
    Files.writeString(
        root.resolve("names/law.json"),
        "{\"digest\":\"sha256:../../../../etc\",\"origin\":\"\",\"installed\":\"2026-01-01T00:00:00Z\"}",
        StandardCharsets.UTF_8);
    assertThatThrownBy(() -> store.find("law"))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("digest");
  }
}
