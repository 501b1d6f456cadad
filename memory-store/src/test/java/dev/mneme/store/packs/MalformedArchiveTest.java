package dev.mneme.store.packs;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.primitives.Bytes;
import dev.mneme.store.PackManifest;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that only look like a pack's archive: each has one place that no archive has. */
class MalformedArchiveTest extends ArchiveDefects {

  private static final int LOCAL = ZipRecords.LOCAL_SIGNATURE;
  private static final int CENTRAL = ZipRecords.DIRECTORY_SIGNATURE;
  private static final int ZIP64_END = 0x06064b50;
  private static final int ZIP64_LOCATOR = 0x07064b50;
  private static final int END = 0x06054b50;

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
      refuses(Arrays.copyOf(whole, length), "");
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
        Arrays.fill(content, at, at + (int) file.bytes(), true);
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

  /** The same files, stored by another program. */
  private byte[] zipped() throws IOException {
    Path file = directory.resolve("zipped");
    try (var zip = new ZipOutputStream(Files.newOutputStream(file))) {
      for (Map.Entry<String, byte[]> entry : ArchiveBytes.files(pack).entrySet()) {
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
    refuses(zipped(), "byte 0", "pack.json");
  }

  @Test
  void anArchiveThatGrowsAThousandfoldIsRefused() throws IOException {
    try (OutputStream out = Files.newOutputStream(archive);
        var zip = new ZipOutputStream(out)) {
      zip.putNextEntry(new ZipEntry("pack.json"));
      zip.write(new byte[1 << 20]); // a thousandth of it when compressed
    }
    refuses(Files.readAllBytes(archive), "byte 0");
  }

  @Test
  void anEntryThatClaimsToBeLargerThanTheFileIsRefused() throws IOException {
    var entry = new ZipRecords.Entry("pack.json", 0, Long.MAX_VALUE / 2, 0);
    refuses(
        Bytes.concat(ArchiveBytes.of(ZipRecords.localHeader(entry)), new byte[100]), "ends behind");
    var negative = new ZipRecords.Entry("pack.json", 0, -1, 0);
    refuses(
        Bytes.concat(ArchiveBytes.of(ZipRecords.localHeader(negative)), new byte[100]),
        "ends behind");
  }

  /** What one record says, changed at one place. */
  private byte[] changed(int signature, int at, int value) throws IOException {
    PackArchive.write(pack, archive); // in place of one that was refused
    byte[] bytes = Files.readAllBytes(archive);
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putShort(find(signature, buffer, 0) + at, (short) value);
    return bytes;
  }

  private static int find(int signature, ByteBuffer in, int from) {
    int at = from;
    while (in.getInt(at) != signature) {
      at++;
    }
    return at;
  }

  @ParameterizedTest(name = "bit {0}")
  @ValueSource(ints = {0, 3, 6, 13})
  void anEntryThatIsEncryptedOrHasItsSizesBehindItIsRefused(int bit) throws IOException {
    refuses(changed(LOCAL, 6, 1 << 11 | 1 << bit), "byte 0", "carries what no pack needs");
    refuses(changed(CENTRAL, 8, 1 << 11 | 1 << bit), "directory");
  }

  @Test
  void aCompressedEntryIsRefused() throws IOException {
    int deflated = 8;
    refuses(changed(LOCAL, 8, deflated), "byte 0", "is not stored as it is");
    refuses(changed(CENTRAL, 10, deflated), "directory");
  }

  @ParameterizedTest(name = "mode {0}")
  @ValueSource(ints = {0120777, 0040755, 0020666, 0060660, 0010644, 0140777, 0100755, 0104644})
  void anEntryThatIsALinkAFolderADeviceOrAProgramIsRefused(int mode) throws IOException {
    refuses(changed(CENTRAL, 40, mode), "directory");
  }

  @Test
  void anArchiveOfSeveralDisksIsRefused() throws IOException {
    refuses(changed(CENTRAL, 34, 1), "directory"); // the entry's disk
    refuses(changed(ZIP64_END, 16, 1), "directory"); // this disk
    refuses(changed(ZIP64_END, 20, 1), "directory"); // the directory's disk
    refuses(changed(ZIP64_LOCATOR, 16, 2), "directory"); // how many there are
    refuses(changed(END, 4, 1), "directory");
  }

  @ParameterizedTest(name = "byte {0} of the directory's entry")
  @ValueSource(ints = {16, 20, 24, 46})
  void aDirectoryUnlikeTheEntriesIsRefused(int at) throws IOException {
    refuses(changed(CENTRAL, at, 0x1234), "directory"); // its sum, its sizes, its name
  }

  @Test
  void entriesThatOverlapAreRefused() throws IOException {
    byte[] bytes = Files.readAllBytes(archive);
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int second = find(CENTRAL, buffer, find(CENTRAL, buffer, 0) + 1);
    int offset = second + 46 + buffer.getShort(second + 28) + 20;
    assertThat(buffer.getLong(offset)).as("where the second entry begins").isPositive();
    buffer.putLong(offset, 0); // now it begins where the first one does
    refuses(bytes, "directory");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 100})
  void anEntryThatIsLargerThanItSaysIsRefused(long said) throws IOException {
    byte[] manifest = Files.readAllBytes(pack.directory().resolve("pack.json"));
    var entry = new ZipRecords.Entry("pack.json", 0, said, 0);
    refuses(
        Bytes.concat(ArchiveBytes.of(ZipRecords.localHeader(entry)), manifest),
        "no entry begins here");
  }

  @Test
  void aMillionEntriesAreReadNoFurtherThanAnyPackHas() throws IOException {
    int each = ZipRecords.LOCAL_HEADER + "f000000".length() + ZipRecords.LOCAL_EXTRA;
    ByteBuffer all = ByteBuffer.allocate(1_000_000 * each);
    for (int i = 0; i < 1_000_000; i++) {
      all.put(ZipRecords.localHeader(new ZipRecords.Entry("f%06d".formatted(i), 0, 0, 0)));
    }
    refuses(all.array(), "byte " + 4096 * each, "more than 4096 entries");
  }
}
