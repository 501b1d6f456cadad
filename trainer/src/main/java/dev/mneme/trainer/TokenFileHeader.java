package dev.mneme.trainer;

import com.google.common.base.Preconditions;
import dev.mneme.MalformedFileException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HexFormat;

/**
 * The first 128 bytes of a {@link TokenFile}. Numbers are little-endian:
 *
 * <pre>
 *   0  "MNEMETOK"
 *   8  u32  version of the format, 1
 *  12  u32  bytes of an id, 2 or 4
 *  16  u64  ids
 *  24  u64  documents
 *  32  u32  vocabulary: every id is below
 *  36  u32  zero
 *  40  32 bytes  SHA-256 of the tokenizer.json
 *  72  32 bytes  origin: SHA-256 of the manifest that says what the ids were made from
 * 104  zeros
 * </pre>
 *
 * @param idBytes 2 (unsigned) for vocabularies up to 65,536, else 4
 * @param tokenizer SHA-256 in hexadecimal
 * @param origin SHA-256 in hexadecimal
 */
record TokenFileHeader(
    int idBytes, long ids, long documents, int vocabulary, String tokenizer, String origin) {

  static final int BYTES = 128;

  private static final long MAGIC = 0x4B4F54454D454E4DL; // "MNEMETOK"
  private static final int VERSION = 1;
  private static final int DIGEST_BYTES = 32;

  TokenFileHeader {
    Preconditions.checkArgument(vocabulary >= 1, "the vocabulary is empty: %s", vocabulary);
  }

  /** The header of a file with nothing in it yet. */
  static TokenFileHeader empty(int vocabulary, String tokenizer, String origin) {
    return new TokenFileHeader(vocabulary <= 1 << 16 ? 2 : 4, 0, 0, vocabulary, tokenizer, origin);
  }

  TokenFileHeader holding(long ids, long documents) {
    return new TokenFileHeader(idBytes, ids, documents, vocabulary, tokenizer, origin);
  }

  /** Where the documents' ends begin: behind the ids, on a multiple of 8. */
  long endsOffset() {
    return Math.ceilDiv(BYTES + ids * idBytes, (long) Long.BYTES) * Long.BYTES;
  }

  long fileBytes() {
    return endsOffset() + documents * Long.BYTES;
  }

  ByteBuffer toBytes() {
    return ByteBuffer.allocate(BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(MAGIC)
        .putInt(VERSION)
        .putInt(idBytes)
        .putLong(ids)
        .putLong(documents)
        .putInt(vocabulary)
        .putInt(0)
        .put(HexFormat.of().parseHex(tokenizer), 0, DIGEST_BYTES)
        .put(HexFormat.of().parseHex(origin), 0, DIGEST_BYTES)
        .clear();
  }

  /**
   * Reads a header.
   *
   * @param fileBytes size of the whole file
   * @throws MalformedFileException if it is none, or does not describe a file of that size
   */
  static TokenFileHeader read(Path file, ByteBuffer bytes, long fileBytes) {
    ByteBuffer b = bytes.order(ByteOrder.LITTLE_ENDIAN);
    if (b.remaining() < BYTES) {
      throw malformed(
          file, "%d bytes are less than the header of %d".formatted(b.remaining(), BYTES));
    }
    if (b.getLong() != MAGIC) {
      throw malformed(file, "it does not begin with MNEMETOK, so it is no token file");
    }
    int version = b.getInt();
    if (version != VERSION) {
      throw malformed(
          file, "expected version %d, found %d; tokenize again".formatted(VERSION, version));
    }
    int idBytes = b.getInt();
    long ids = b.getLong();
    long documents = b.getLong();
    int vocabulary = b.getInt();
    b.getInt();
    String tokenizer = digest(b);
    String origin = digest(b);
    if ((idBytes != 2 && idBytes != 4) || vocabulary < 1 || ids < 0 || documents < 0) {
      throw malformed(
          file,
          "the header is damaged: ids of %d bytes, vocabulary %d, %d ids, %d documents"
              .formatted(idBytes, vocabulary, ids, documents));
    }
    // Both fit the file before they are multiplied, so nothing overflows.
    if (ids > fileBytes || documents > fileBytes) {
      throw malformed(
          file, "%d ids in %d documents cannot fit %d bytes".formatted(ids, documents, fileBytes));
    }
    return new TokenFileHeader(idBytes, ids, documents, vocabulary, tokenizer, origin);
  }

  private static String digest(ByteBuffer bytes) {
    byte[] digest = new byte[DIGEST_BYTES];
    bytes.get(digest);
    return HexFormat.of().formatHex(digest);
  }

  private static MalformedFileException malformed(Path file, String problem) {
    return new MalformedFileException(file + ": " + problem);
  }
}
