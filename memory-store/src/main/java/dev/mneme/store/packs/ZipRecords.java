package dev.mneme.store.packs;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The records of a zip file as {@link PackArchive} has them, from PKWARE's APPNOTE 6.3.10: entries
 * stored as they are, one after the other from the first byte, names in UTF-8, sizes always in
 * zip64 fields, and every field that says nothing of the content the same in all archives. So equal
 * content gives equal bytes, and whatever differs from them is no such archive.
 */
final class ZipRecords {

  /** Bytes of a local header before the name. */
  static final int LOCAL_HEADER = 30;

  /** Bytes after the name: the zip64 field with two sizes. */
  static final int LOCAL_EXTRA = 20;

  static final int LOCAL_SIGNATURE = 0x04034b50;
  static final int DIRECTORY_SIGNATURE = 0x02014b50;
  static final int CRC_AT = 14;
  static final int NAME_LENGTH_AT = 26;

  private static final int DIRECTORY_HEADER = 46;
  private static final int DIRECTORY_EXTRA = 28;
  private static final int END = 56 + 20 + 22;

  private static final short VERSION = 45; // the first with zip64
  private static final short UNIX = 3 << 8;
  private static final short UTF8_NAMES = 1 << 11;
  private static final short STORED = 0;
  private static final short MIDNIGHT = 0;
  private static final short JANUARY_1_1980 = 0x21; // the first day a zip file can name
  private static final short ZIP64 = 1;
  private static final short IN_ZIP64_SHORT = -1;
  private static final int IN_ZIP64 = -1;
  private static final int REGULAR_FILE = 0100644 << 16;

  private ZipRecords() {}

  /**
   * An entry.
   *
   * @param offset of its local header
   * @param crc the CRC-32 of its bytes
   */
  record Entry(String name, long offset, long bytes, int crc) {

    long dataOffset() {
      return offset + LOCAL_HEADER + nameBytes().length + LOCAL_EXTRA;
    }

    long end() {
      return dataOffset() + bytes;
    }

    private byte[] nameBytes() {
      return name.getBytes(StandardCharsets.UTF_8);
    }
  }

  /** Section 4.3.7. */
  static ByteBuffer localHeader(Entry entry) {
    byte[] name = entry.nameBytes();
    return buffer(LOCAL_HEADER + name.length + LOCAL_EXTRA)
        .putInt(LOCAL_SIGNATURE)
        .putShort(VERSION)
        .putShort(UTF8_NAMES)
        .putShort(STORED)
        .putShort(MIDNIGHT)
        .putShort(JANUARY_1_1980)
        .putInt(entry.crc())
        .putInt(IN_ZIP64)
        .putInt(IN_ZIP64)
        .putShort((short) name.length)
        .putShort((short) LOCAL_EXTRA)
        .put(name)
        .putShort(ZIP64)
        .putShort((short) (LOCAL_EXTRA - 4))
        .putLong(entry.bytes())
        .putLong(entry.bytes())
        .flip();
  }

  /** All that follows the last entry: sections 4.3.12 and 4.3.14 to 4.3.16. */
  static ByteBuffer directory(List<Entry> entries) {
    int size =
        entries.stream()
            .mapToInt(e -> DIRECTORY_HEADER + e.nameBytes().length + DIRECTORY_EXTRA)
            .sum();
    ByteBuffer out = buffer(size + END);
    entries.forEach(entry -> putDirectoryEntry(out, entry));
    long start = entries.isEmpty() ? 0 : entries.getLast().end();
    putEnd(out, entries.size(), start, size);
    return out.flip();
  }

  private static void putDirectoryEntry(ByteBuffer out, Entry entry) {
    byte[] name = entry.nameBytes();
    out.putInt(DIRECTORY_SIGNATURE)
        .putShort((short) (UNIX | VERSION))
        .putShort(VERSION)
        .putShort(UTF8_NAMES)
        .putShort(STORED)
        .putShort(MIDNIGHT)
        .putShort(JANUARY_1_1980)
        .putInt(entry.crc())
        .putInt(IN_ZIP64)
        .putInt(IN_ZIP64)
        .putShort((short) name.length)
        .putShort((short) DIRECTORY_EXTRA)
        .putShort((short) 0) // comment
        .putShort((short) 0) // disk
        .putShort((short) 0) // internal attributes
        .putInt(REGULAR_FILE)
        .putInt(IN_ZIP64)
        .put(name)
        .putShort(ZIP64)
        .putShort((short) (DIRECTORY_EXTRA - 4))
        .putLong(entry.bytes())
        .putLong(entry.bytes())
        .putLong(entry.offset());
  }

  private static void putEnd(ByteBuffer out, long entries, long start, long size) {
    out.putInt(0x06064b50)
        .putLong(56 - 12)
        .putShort((short) (UNIX | VERSION))
        .putShort(VERSION)
        .putInt(0)
        .putInt(0)
        .putLong(entries)
        .putLong(entries)
        .putLong(size)
        .putLong(start)
        .putInt(0x07064b50)
        .putInt(0)
        .putLong(start + size)
        .putInt(1)
        .putInt(0x06054b50)
        .putShort((short) 0)
        .putShort((short) 0)
        .putShort(IN_ZIP64_SHORT)
        .putShort(IN_ZIP64_SHORT)
        .putInt(IN_ZIP64)
        .putInt(IN_ZIP64)
        .putShort((short) 0);
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
