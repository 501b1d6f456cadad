package dev.mneme.store.packs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.primitives.Bytes;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackManifest;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Packs in one file, and files that only look like one. */
class PackArchiveTest {

  @TempDir Path directory;

  private MemoryPack pack;
  private Path archive;

  @BeforeEach
  void writeAnArchive() {
    Path model = TinyModel.write(TinyModel.directory(directory, "model"), Family.LLAMA, 3);
    pack = MemoryPack.importFrom(model, "law", "law", directory.resolve("law"));
    archive = directory.resolve("law.mpack");
    PackArchive.write(pack, archive);
  }

  @Test
  void bringsWhatThePackHas() throws IOException {
    try (PackArchive opened = PackArchive.open(archive)) {
      assertThat(opened.manifest()).isEqualTo(pack.manifest());
      assertThat(opened.signature()).isEmpty();
      for (PackManifest.Entry file : pack.manifest().files()) {
        try (InputStream in = opened.open(file)) {
          assertThat(in.readAllBytes())
              .isEqualTo(Files.readAllBytes(pack.directory().resolve(file.name())));
        }
      }
    }
  }

  @Test
  void isTheSameBytesWhereverThePackLies() throws IOException {
    Path model = directory.resolve("model");
    MemoryPack again = MemoryPack.importFrom(model, "law", "law", directory.resolve("elsewhere"));
    Path other = directory.resolve("other.mpack");
    PackArchive.write(again, other);
    assertThat(other).hasSameBinaryContentAs(archive);
  }

  @Test
  void anyZipProgramReadsIt() throws IOException {
    try (var zip = new ZipFile(archive.toFile())) {
      var names = new ArrayList<String>();
      for (ZipEntry entry : Collections.list(zip.entries())) {
        names.add(entry.getName());
        try (InputStream in = zip.getInputStream(entry)) {
          assertThat(in.readAllBytes())
              .isEqualTo(Files.readAllBytes(pack.directory().resolve(entry.getName())));
        }
      }
      assertThat(names.getFirst()).isEqualTo("pack.json");
      assertThat(names).hasSize(pack.manifest().files().size() + 1);
    }
  }

  @Test
  void carriesTheSignature() throws IOException {
    byte[] signature = "{}".getBytes(StandardCharsets.UTF_8);
    Files.write(pack.directory().resolve(PackSignature.FILE), signature);
    PackArchive.write(pack, archive);
    try (PackArchive opened = PackArchive.open(archive)) {
      assertThat(opened.signature()).hasValue(signature);
    }
  }

  @Test
  void aFileThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> PackArchive.open(directory.resolve("none.mpack")))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("none.mpack");
  }

  private void refuses(byte[] bytes, String... words) throws IOException {
    Files.write(archive, bytes);
    assertThatThrownBy(() -> PackArchive.open(archive).close())
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("law.mpack")
        .hasMessageContainingAll(words);
  }

  @Test
  void bytesBeforeTheFirstEntryAreRefused() throws IOException {
    refuses(Bytes.concat(new byte[] {'#', '!'}, Files.readAllBytes(archive)), "byte 0");
  }

  @Test
  void bytesAfterTheDirectoryAreRefused() throws IOException {
    refuses(Bytes.concat(Files.readAllBytes(archive), new byte[1]), "directory");
  }

  @Test
  void everyShorterFileIsRefused() throws IOException {
    byte[] whole = Files.readAllBytes(archive);
    for (int length = 0; length < whole.length; length += length < 500 ? 1 : 997) {
      refuses(java.util.Arrays.copyOf(whole, length), "");
    }
  }

  @Test
  void everyChangedByteOutsideTheFilesIsRefused() throws IOException {
    byte[] whole = Files.readAllBytes(archive);
    boolean[] content = new boolean[whole.length];
    try (PackArchive opened = PackArchive.open(archive)) {
      int at = 0;
      List<PackManifest.Entry> files = new ArrayList<>();
      files.add(new PackManifest.Entry("pack.json", opened.manifestBytes().length, ""));
      files.addAll(opened.manifest().files());
      for (PackManifest.Entry file : files) {
        at += 30 + file.name().length() + 20;
        java.util.Arrays.fill(content, at, at + (int) file.bytes(), true);
        at += (int) file.bytes();
      }
    }
    for (int i = 0; i < whole.length; i++) {
      if (!content[i]) {
        byte[] changed = whole.clone();
        changed[i] ^= 0x20;
        refuses(changed, "");
      }
    }
  }

  /** An archive of another program, stored, with these entries after the manifest's own files. */
  private byte[] zipped(Map<String, byte[]> more) throws IOException {
    Path file = directory.resolve("zipped");
    try (var zip = new ZipOutputStream(Files.newOutputStream(file))) {
      for (String name : List.of("pack.json", "config.json")) {
        put(zip, name, Files.readAllBytes(pack.directory().resolve(name)));
      }
      for (Map.Entry<String, byte[]> entry : more.entrySet()) {
        put(zip, entry.getKey(), entry.getValue());
      }
    }
    return Files.readAllBytes(file);
  }

  private static void put(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
    var sum = new CRC32();
    sum.update(bytes);
    var entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(bytes.length);
    entry.setCrc(sum.getValue());
    zip.putNextEntry(entry);
    zip.write(bytes);
  }

  @Test
  void anArchiveOfAnotherProgramIsRefused() throws IOException {
    refuses(zipped(Map.of()), "byte 0", "pack.json");
  }

  @Test
  void aCompressedArchiveIsRefused() throws IOException {
    try (OutputStream out = Files.newOutputStream(archive);
        var zip = new ZipOutputStream(out)) {
      zip.putNextEntry(new ZipEntry("pack.json"));
      zip.write(new byte[1 << 20]); // a thousandth of its size when compressed
    }
    refuses(Files.readAllBytes(archive), "byte 0");
  }

  /** Entries written as this format has them, with content that is nobody's. */
  private byte[] archived(Map<String, byte[]> files) {
    var entries = new ArrayList<ZipRecords.Entry>();
    byte[] all = new byte[0];
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      var sum = new CRC32();
      sum.update(file.getValue());
      var entry =
          new ZipRecords.Entry(
              file.getKey(), all.length, file.getValue().length, (int) sum.getValue());
      entries.add(entry);
      all = Bytes.concat(all, bytes(ZipRecords.localHeader(entry)), file.getValue());
    }
    return Bytes.concat(all, bytes(ZipRecords.directory(entries)));
  }

  private static byte[] bytes(java.nio.ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private Map<String, byte[]> files() throws IOException {
    var files = new LinkedHashMap<String, byte[]>();
    files.put("pack.json", Files.readAllBytes(pack.directory().resolve("pack.json")));
    for (PackManifest.Entry file : pack.manifest().files()) {
      files.put(file.name(), Files.readAllBytes(pack.directory().resolve(file.name())));
    }
    return files;
  }

  @Test
  void theTestsArchivesAreRight() throws IOException {
    assertThat(archived(files())).isEqualTo(Files.readAllBytes(archive));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../evil.json",
        "/etc/evil.json",
        "C:\\evil.json",
        "a/../../b",
        "a\\b",
        "sub/",
        "sub/file.json",
        "",
        "nul\0.json",
        "dot.",
        "blank ",
        "CON",
        "aux.json",
        "na\u00efve.json"
      })
  void anEntryWhoseNameIsNoPlainFileNameIsRefused(String name) throws IOException {
    Map<String, byte[]> files = files();
    files.put(name, new byte[3]);
    refuses(archived(files), "is no plain file name");
  }

  @Test
  void anEntryTwiceOrInOtherCaseIsRefused() throws IOException {
    Map<String, byte[]> files = files();
    files.put("Config.json", new byte[3]);
    refuses(archived(files), "Config.json", "twice");
  }

  @Test
  void anEntryThatIsNotListedIsRefused() throws IOException {
    Map<String, byte[]> files = files();
    files.put("more.json", new byte[3]);
    refuses(archived(files), "more.json", "is not what pack.json lists");
  }

  @Test
  void aListedFileThatIsAbsentIsRefused() throws IOException {
    Map<String, byte[]> files = files();
    files.remove(pack.manifest().files().getLast().name());
    refuses(archived(files), "is listed but absent");
  }

  @Test
  void aFileOfAnotherSizeIsRefused() throws IOException {
    Map<String, byte[]> files = files();
    files.computeIfPresent("config.json", (name, bytes) -> Bytes.concat(bytes, new byte[1]));
    refuses(archived(files), "config.json", "is not what pack.json lists");
  }

  @Test
  void filesInAnotherOrderAreRefused() throws IOException {
    Map<String, byte[]> files = files();
    byte[] config = files.remove("config.json");
    files.put("config.json", config);
    refuses(archived(files), "is not what pack.json lists");
  }

  @Test
  void anArchiveThatDoesNotBeginWithTheManifestIsRefused() throws IOException {
    Map<String, byte[]> files = files();
    byte[] manifest = files.remove("pack.json");
    files.put("pack.json", manifest);
    refuses(archived(files), "first entry");
  }

  @Test
  void anEmptyArchiveIsRefused() throws IOException {
    refuses(archived(Map.of()), "byte 0");
  }

  @Test
  void moreEntriesThanAnyPackHasAreRefused() throws IOException {
    Map<String, byte[]> files = files();
    for (int i = 0; i < 5000; i++) {
      files.put("f" + i, new byte[0]);
    }
    refuses(archived(files), "more than");
  }

  @Test
  void aManifestOfMegabytesIsRefusedBeforeItIsRead() throws IOException {
    Map<String, byte[]> files = files();
    files.put("pack.json", new byte[5 << 20]);
    refuses(archived(files), "pack.json", "more than");
  }

  @Test
  void anEntryThatClaimsToBeLargerThanTheFileIsRefused() throws IOException {
    var entry = new ZipRecords.Entry("pack.json", 0, Long.MAX_VALUE / 2, 0);
    refuses(Bytes.concat(bytes(ZipRecords.localHeader(entry)), new byte[100]), "ends behind");
    var negative = new ZipRecords.Entry("pack.json", 0, -1, 0);
    refuses(Bytes.concat(bytes(ZipRecords.localHeader(negative)), new byte[100]), "ends behind");
  }
}
