package dev.mneme.store.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.mneme.MalformedFileException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each test is a file with one defect, and is named after it. */
class MalformedGgufTest {
  private static final int F32 = GgufType.F32.id();

  private final Path directory;

  MalformedGgufTest(@TempDir Path directory) {
    this.directory = directory;
  }

  private void assertRefused(GgufBytes bytes, String... words) throws IOException {
    Path file = bytes.in(directory);
    assertThatThrownBy(() -> GgufFile.read(file))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContainingAll(words);
  }

  private static GgufBytes oneEntry(String key, int type) {
    return GgufBytes.header(0, 1).string(key).int32(type);
  }

  /** One tensor and 64 bytes of data. */
  private static GgufBytes oneTensor(int type, long offset, long... dims) {
    return GgufBytes.header(1, 0).tensor("w", type, offset, dims).padded(32).zeros(64);
  }

  // Header

  @Test
  void emptyFile() throws IOException {
    assertRefused(new GgufBytes(), "not a GGUF file");
  }

  @Test
  void textFile() throws IOException {
    assertRefused(new GgufBytes().ascii("Once upon a time\n"), "not a GGUF file");
  }

  @Test
  void shorterThanTheMagic() throws IOException {
    assertRefused(new GgufBytes().ascii("GGU"), "not a GGUF file");
  }

  @Test
  void badMagic() throws IOException {
    assertRefused(new GgufBytes().ascii("GGML").int32(3).int64(0).int64(0), "not a GGUF file");
  }

  @Test
  void magicOnly() throws IOException {
    assertRefused(new GgufBytes().ascii("GGUF"), "truncated", "the header");
  }

  @Test
  void headerOneByteShort() throws IOException {
    assertRefused(
        new GgufBytes().ascii("GGUF").int32(3).int64(0).int32(0).bytes(0, 0, 0), "truncated");
  }

  @Test
  void version1() throws IOException {
    assertRefused(new GgufBytes().ascii("GGUF").int32(1).int32(0).int32(0), "version 1", "2 or 3");
  }

  @Test
  void version0() throws IOException {
    assertRefused(new GgufBytes().ascii("GGUF").int32(0).int64(0).int64(0), "version 0");
  }

  @Test
  void futureVersion() throws IOException {
    assertRefused(new GgufBytes().ascii("GGUF").int32(4).int64(0).int64(0), "version 4", "2 or 3");
  }

  @Test
  void negativeVersion() throws IOException {
    assertRefused(new GgufBytes().ascii("GGUF").int32(-1).int64(0).int64(0), "version 4294967295");
  }

  @Test
  void bigEndianNumbers() throws IOException {
    assertRefused(
        new GgufBytes().ascii("GGUF").bytes(0, 0, 0, 3).int64(0).int64(0), "big-endian GGUF file");
  }

  @Test
  void bigEndianMagic() throws IOException {
    assertRefused(
        new GgufBytes().ascii("FUGG").bytes(0, 0, 0, 3).int64(0).int64(0), "big-endian GGUF file");
  }

  @Test
  void tensorCountMinus1() throws IOException {
    assertRefused(GgufBytes.header(-1, 0), "18446744073709551615 tensors");
  }

  @Test
  void entryCountMinus1() throws IOException {
    assertRefused(GgufBytes.header(0, -1), "18446744073709551615 metadata entries");
  }

  @Test
  void moreThanAMillionKeys() throws IOException {
    assertRefused(
        GgufBytes.header(0, (1 << 20) + 1).zeros(64), "1048577 metadata entries", "1048576");
  }

  @Test
  void moreEntriesThanTheFileCanHold() throws IOException {
    assertRefused(GgufBytes.header(0, 1000).zeros(64), "truncated", "1000 metadata entries");
  }

  @Test
  void moreTensorsThanTheFileCanHold() throws IOException {
    assertRefused(GgufBytes.header(1000, 0).zeros(64), "truncated", "1000 tensors");
  }

  // Metadata

  @Test
  void keyLengthMinus1() throws IOException {
    assertRefused(
        GgufBytes.header(0, 1).int64(-1).zeros(32),
        "a string of 18446744073709551615 bytes",
        "metadata entry 0");
  }

  @Test
  void keyPastTheEnd() throws IOException {
    assertRefused(GgufBytes.header(0, 1).int64(100).zeros(32), "truncated", "100 bytes");
  }

  @Test
  void emptyKey() throws IOException {
    assertRefused(oneEntry("", GgufBytes.UINT32).int32(7), "an empty key");
  }

  @Test
  void keyThatIsNotUtf8() throws IOException {
    assertRefused(
        GgufBytes.header(0, 1).int64(2).bytes(0xC3, 0x28).int32(GgufBytes.UINT32).int32(7),
        "a key that is not UTF-8");
  }

  @Test
  void keyWithAZeroByte() throws IOException {
    assertRefused(oneEntry("a\0b", GgufBytes.UINT32).int32(7), "a key with a zero byte");
  }

  @Test
  void keyOver65535Bytes() throws IOException {
    assertRefused(oneEntry("k".repeat(65_536), GgufBytes.UINT32).int32(7), "a key of 65536 bytes");
  }

  @Test
  void duplicateKey() throws IOException {
    assertRefused(
        GgufBytes.header(0, 2)
            .string("k")
            .int32(GgufBytes.UINT32)
            .int32(1)
            .string("k")
            .int32(GgufBytes.STRING)
            .string("other"),
        "\"k\"",
        "occurs twice");
  }

  @Test
  void unknownValueType() throws IOException {
    assertRefused(oneEntry("k", 13).int32(0), "value type 13 is unknown", "\"k\"");
  }

  @Test
  void valueTypeMinus1() throws IOException {
    assertRefused(oneEntry("k", -1).int32(0), "value type 4294967295 is unknown");
  }

  @Test
  void unknownArrayType() throws IOException {
    assertRefused(oneEntry("k", GgufBytes.ARRAY).int32(99).int64(0), "value type 99 is unknown");
  }

  @Test
  void arrayOfArrays() throws IOException {
    assertRefused(
        oneEntry("k", GgufBytes.ARRAY).int32(GgufBytes.ARRAY).int64(0), "an array of arrays");
  }

  @Test
  void arrayPastTheEnd() throws IOException {
    assertRefused(
        oneEntry("k", GgufBytes.ARRAY).int32(GgufBytes.UINT32).int64(5).zeros(19),
        "truncated",
        "5 items of type uint32",
        "19 bytes");
  }

  @Test
  void arrayLengthMinus1() throws IOException {
    assertRefused(
        oneEntry("k", GgufBytes.ARRAY).int32(GgufBytes.UINT8).int64(-1).zeros(8),
        "an array of 18446744073709551615 items");
  }

  @Test
  void arrayLengthThatOverflowsTimesItemSize() throws IOException {
    assertRefused(
        oneEntry("k", GgufBytes.ARRAY).int32(GgufBytes.UINT64).int64(1L << 61).zeros(8),
        "2305843009213693952 items");
  }

  @Test
  void arrayOver67MillionItems() throws IOException {
    assertRefused(
        oneEntry("k", GgufBytes.ARRAY).int32(GgufBytes.UINT8).int64((1 << 26) + 1).zeros(8),
        "67108865 items");
  }

  @Test
  void moreStringsThanTheFileCanHold() throws IOException {
    assertRefused(
        oneEntry("k", GgufBytes.ARRAY).int32(GgufBytes.STRING).int64(3).string("").string(""),
        "truncated",
        "3 items of type string");
  }

  @Test
  void stringInAnArrayPastTheEnd() throws IOException {
    assertRefused(
        oneEntry("k", GgufBytes.ARRAY)
            .int32(GgufBytes.STRING)
            .int64(2)
            .string("a")
            .int64(9)
            .ascii("8 bytes."),
        "truncated",
        "9 bytes are needed and 8 are left");
  }

  @Test
  void stringPastTheEnd() throws IOException {
    assertRefused(oneEntry("k", GgufBytes.STRING).int64(9).ascii("8 bytes."), "truncated");
  }

  @Test
  void stringOver134MillionBytes() throws IOException {
    assertRefused(
        oneEntry("k", GgufBytes.STRING).int64((1 << 27) + 1).zeros(8),
        "a string of 134217729 bytes");
  }

  @Test
  void metadataCutInAValue() throws IOException {
    assertRefused(oneEntry("k", GgufBytes.UINT64).int32(0), "truncated", "\"k\"");
  }

  @Test
  void booleanOf2() throws IOException {
    assertRefused(oneEntry("k", GgufBytes.BOOL).bytes(2), "a boolean of 2");
  }

  @Test
  void booleanOf255InAnArray() throws IOException {
    assertRefused(
        oneEntry("k", GgufBytes.ARRAY).int32(GgufBytes.BOOL).int64(3).bytes(0, 1, 255),
        "a boolean of 255");
  }

  @Test
  void alignment13() throws IOException {
    assertRefused(
        oneEntry("general.alignment", GgufBytes.UINT32).int32(13), "13, expected a power of two");
  }

  @Test
  void alignment0() throws IOException {
    assertRefused(
        oneEntry("general.alignment", GgufBytes.UINT32).int32(0), "0, expected a power of two");
  }

  @Test
  void alignmentOfAnotherType() throws IOException {
    assertRefused(
        oneEntry("general.alignment", GgufBytes.UINT64).int64(32),
        "stored as uint64, expected uint32");
  }

  // Tensor table

  @Test
  void tableCutInAName() throws IOException {
    assertRefused(
        GgufBytes.header(1, 0).int64(30).ascii("token_embd.weig").zeros(10),
        "truncated",
        "tensor 0");
  }

  @Test
  void tableCutInAnOffset() throws IOException {
    assertRefused(
        GgufBytes.header(1, 0).string("some.weight").int32(1).int64(1).int32(F32).zeros(7),
        "truncated",
        "tensor \"some.weight\"");
  }

  @Test
  void tensorNameOf64Bytes() throws IOException {
    assertRefused(
        GgufBytes.header(1, 0).tensor("n".repeat(64), F32, 0, 1).padded(32).zeros(32),
        "a tensor name of 64 bytes");
  }

  @Test
  void emptyTensorName() throws IOException {
    assertRefused(
        GgufBytes.header(1, 0).tensor("", F32, 0, 1).padded(32).zeros(32), "an empty tensor name");
  }

  @Test
  void duplicateTensorName() throws IOException {
    assertRefused(
        GgufBytes.header(2, 0).tensor("w", F32, 0, 8).tensor("w", F32, 32, 8).padded(32).zeros(64),
        "\"w\"",
        "occurs twice");
  }

  @Test
  void fiveDimensions() throws IOException {
    assertRefused(oneTensor(F32, 0, 1, 1, 1, 1, 1), "5 dimensions", "\"w\"");
  }

  @Test
  void dimensionCountMinus1() throws IOException {
    assertRefused(GgufBytes.header(1, 0).string("w").int32(-1).zeros(64), "4294967295 dimensions");
  }

  @Test
  void dimensionMinus1() throws IOException {
    assertRefused(oneTensor(F32, 0, 4, -1), "dimension 1 is -1");
  }

  @Test
  void dimension0() throws IOException {
    assertRefused(oneTensor(F32, 0, 4, 0), "dimension 1 is 0");
  }

  @Test
  void dimensionsThatOverflow() throws IOException {
    long dim = 4L * Integer.MAX_VALUE;
    assertRefused(oneTensor(F32, 0, dim, dim), "overflow");
  }

  @Test
  void rowWhoseBytesOverflow() throws IOException {
    assertRefused(oneTensor(F32, 0, Long.MAX_VALUE), "overflow");
  }

  /** The product of the lengths wraps around to 4, so that an unchecked size looks right. */
  @Test
  void dimensionsThatWrapAroundToAFittingSize() throws IOException {
    assertRefused(oneTensor(GgufType.I8.id(), 0, 4, (1L << 62) + 1), "overflow");
  }

  @Test
  void exabyteTensor() throws IOException {
    assertRefused(oneTensor(F32, 0, 1L << 58), "truncated", "1152921504606846976 bytes");
  }

  @Test
  void unknownTensorType() throws IOException {
    assertRefused(oneTensor(9999, 0, 1), "tensor type 9999 is unknown");
  }

  @Test
  void retiredTensorType() throws IOException {
    assertRefused(oneTensor(4, 0, 32), "tensor type 4 is unknown");
  }

  @Test
  void tensorTypeMinus1() throws IOException {
    assertRefused(oneTensor(-1, 0, 1), "tensor type 4294967295 is unknown");
  }

  @Test
  void rowThatIsNoMultipleOfTheBlock() throws IOException {
    assertRefused(oneTensor(GgufType.Q8_0.id(), 0, 33), "33", "Q8_0's block of 32");
  }

  /** As many elements as two blocks, but rows of 16. */
  @Test
  void rowShorterThanTheBlock() throws IOException {
    assertRefused(oneTensor(GgufType.Q4_0.id(), 0, 16, 4), "16", "Q4_0's block of 32");
  }

  // Tensor places

  @Test
  void offsetMinus1() throws IOException {
    assertRefused(oneTensor(F32, -1, 8), "offset 18446744073709551615");
  }

  @Test
  void offsetThatIsNotAligned() throws IOException {
    assertRefused(oneTensor(F32, 4, 8), "offset 4, which is no multiple of 32");
  }

  @Test
  void offsetsAlignedToLessThanTheFileSays() throws IOException {
    assertRefused(
        GgufBytes.header(2, 1)
            .string("general.alignment")
            .int32(GgufBytes.UINT32)
            .int32(64)
            .tensor("a", F32, 0, 8)
            .tensor("b", F32, 32, 8)
            .padded(64)
            .zeros(128),
        "\"b\"",
        "offset 32, which is no multiple of 64");
  }

  @Test
  void offsetBeyondTheFile() throws IOException {
    assertRefused(oneTensor(F32, 1 << 20, 8), "offset 1048576, past the end");
  }

  @Test
  void overlappingTensors() throws IOException {
    assertRefused(
        GgufBytes.header(2, 0)
            .tensor("a", F32, 0, 16)
            .tensor("b", F32, 32, 16)
            .padded(32)
            .zeros(96),
        "\"b\"",
        "overlaps another tensor",
        "expected 64");
  }

  @Test
  void holeBetweenTensors() throws IOException {
    assertRefused(
        GgufBytes.header(2, 0).tensor("a", F32, 0, 8).tensor("b", F32, 64, 8).padded(32).zeros(96),
        "\"b\"",
        "leaves a hole",
        "expected 32");
  }

  @Test
  void oneDataByteMissing() throws IOException {
    GgufBytes cut = GgufBytes.header(1, 0).tensor("w", F32, 0, 16).padded(32).zeros(63);
    assertRefused(cut, "truncated", "\"w\"", "the file ends at");
  }

  @Test
  void noDataAtAll() throws IOException {
    assertRefused(GgufBytes.header(1, 0).tensor("w", F32, 0, 4), "truncated", "\"w\"");
  }

  // Every place at once

  @Test
  void everyTruncationOfAValidFile() throws IOException {
    byte[] valid = GgufBytes.valid().toByteArray();
    Path file = directory.resolve("cut.gguf");
    for (int length = 0; length < valid.length; length++) {
      Files.write(file, Arrays.copyOf(valid, length));
      assertThatThrownBy(() -> GgufFile.read(file))
          .as("the first %d bytes", length)
          .isInstanceOf(MalformedFileException.class);
    }
  }

  @Test
  void claimedLengthsAllocateNothing() throws IOException {
    Path strings =
        oneEntry("k", GgufBytes.ARRAY)
            .int32(GgufBytes.STRING)
            .int64(1 << 26)
            .zeros(64)
            .in(directory);
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    assertThatThrownBy(() -> GgufFile.read(strings)).isInstanceOf(MalformedFileException.class);

    long before = threads.getCurrentThreadAllocatedBytes();
    assertThatThrownBy(() -> GgufFile.read(strings)).isInstanceOf(MalformedFileException.class);
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(4 << 20);
  }
}
