package dev.mneme.store.gguf;

import com.google.common.base.Ascii;
import dev.mneme.MalformedFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The front part of a GGUF file, checked against every rule of the format: header, metadata, tensor
 * table. The format is described in ggml's {@code docs/gguf.md}.
 */
final class GgufParser {
  static final byte[] MAGIC = "GGUF".getBytes(StandardCharsets.US_ASCII);
  static final int DEFAULT_ALIGNMENT = 32;
  static final String ALIGNMENT_KEY = "general.alignment";
  static final int MAX_DIMENSIONS = 4;

  /** ggml keeps names in 64 bytes with a closing zero. */
  static final int MAX_NAME_BYTES = 63;

  static final int MAX_KEY_BYTES = (1 << 16) - 1;

  private static final byte[] SWAPPED_MAGIC = "FUGG".getBytes(StandardCharsets.US_ASCII);
  private static final long MAX_ENTRIES = 1L << 20;
  private static final long MAX_ITEMS = 1L << 26;
  private static final long MAX_STRING_ARRAY_BYTES = 1L << 30;

  /** Key length, one byte of key, type, one byte of value. */
  private static final int SMALLEST_ENTRY = 8 + 1 + 4 + 1;

  /** Name length, one byte of name, dimension count, type, offset. */
  private static final int SMALLEST_TENSOR = 8 + 1 + 4 + 4 + 8;

  private final GgufInput in;
  private final Map<String, GgufValue> metadata = new LinkedHashMap<>();
  private final Map<String, GgufTensor> tensors = new LinkedHashMap<>();
  private int version;

  GgufParser(GgufInput in) {
    this.in = in;
  }

  int version() {
    return version;
  }

  Map<String, GgufValue> metadata() {
    return metadata;
  }

  Map<String, GgufTensor> tensors() {
    return tensors;
  }

  GgufParser parse() throws IOException {
    readMagic();
    readVersion();
    long tensorCount = readCount("tensors", SMALLEST_TENSOR);
    long entryCount = readCount("metadata entries", SMALLEST_ENTRY);
    for (long i = 0; i < entryCount; i++) {
      readEntry(i);
    }
    readTensors(tensorCount, alignment());
    return this;
  }

  private void readMagic() throws IOException {
    byte[] magic = in.readBytes(Math.min(MAGIC.length, in.size()));
    if (Arrays.equals(magic, SWAPPED_MAGIC)) {
      throw bigEndian();
    }
    if (!Arrays.equals(magic, MAGIC)) {
      throw in.malformed("not a GGUF file: it does not begin with the letters GGUF");
    }
  }

  private void readVersion() throws IOException {
    version = in.readInt();
    int swapped = Integer.reverseBytes(version);
    if (swapped >= 1 && swapped <= 3) {
      throw bigEndian();
    }
    if (version == 1) {
      throw in.malformed(
          "GGUF version 1, expected 2 or 3: convert the model again with a current converter");
    }
    if (version != 2 && version != 3) {
      throw in.malformed("GGUF version %s, expected 2 or 3", Integer.toUnsignedString(version));
    }
  }

  private MalformedFileException bigEndian() {
    return in.malformed(
        "a big-endian GGUF file, expected little-endian: convert the model for this machine");
  }

  private long readCount(String what, int smallest) throws IOException {
    long count = in.readLong();
    if (count < 0 || count > MAX_ENTRIES) {
      throw in.malformed(
          "%s %s are declared, at most %d are allowed",
          Long.toUnsignedString(count), what, MAX_ENTRIES);
    }
    if (count * smallest > in.remaining()) {
      throw in.malformed(
          "truncated: %d %s are declared, which %d bytes cannot hold", count, what, in.remaining());
    }
    return count;
  }

  private void readEntry(long index) throws IOException {
    in.enter("metadata entry " + index);
    String key = readName("key", MAX_KEY_BYTES);
    in.enter("metadata key \"" + key + "\"");
    GgufValue value = readValue();
    if (metadata.putIfAbsent(key, value) != null) {
      throw in.malformed("the key occurs twice");
    }
  }

  /** Keys and tensor names: native readers end them at the first zero byte and abort when empty. */
  private String readName(String what, int maxBytes) throws IOException {
    byte[] bytes = in.readString();
    if (bytes.length == 0) {
      throw in.malformed("an empty %s", what);
    }
    if (bytes.length > maxBytes) {
      throw in.malformed(
          "a %s of %d bytes, of which at most %d are allowed", what, bytes.length, maxBytes);
    }
    String name;
    try {
      name = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw in.malformed("a %s that is not UTF-8", what);
    }
    if (name.indexOf('\0') >= 0) {
      throw in.malformed("a %s with a zero byte in it", what);
    }
    return name;
  }

  private GgufValue readValue() throws IOException {
    GgufValue.Type type = readType();
    return switch (type) {
      case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 ->
          new GgufValue.Int(type, type.readInteger(in.require(type.width())));
      case FLOAT32 -> new GgufValue.Real(type, in.require(Float.BYTES).getFloat());
      case FLOAT64 -> new GgufValue.Real(type, in.require(Double.BYTES).getDouble());
      case BOOL -> new GgufValue.Bool(checkBool(in.require(1).get()));
      case STRING -> new GgufValue.Text(in.readString());
      case ARRAY -> readArray();
    };
  }

  private GgufValue.Type readType() throws IOException {
    int id = in.readInt();
    return GgufValue.Type.withId(id)
        .orElseThrow(() -> in.malformed("value type %s is unknown", Integer.toUnsignedString(id)));
  }

  private boolean checkBool(byte value) {
    if (value != 0 && value != 1) {
      throw in.malformed("a boolean of %d, expected 0 or 1", Byte.toUnsignedInt(value));
    }
    return value == 1;
  }

  private GgufValue readArray() throws IOException {
    GgufValue.Type type = readType();
    if (type == GgufValue.Type.ARRAY) {
      throw in.malformed("an array of arrays, which no reader supports");
    }
    long length = in.readLong();
    if (length < 0 || length > MAX_ITEMS) {
      throw in.malformed(
          "an array of %s items, of which at most %d are allowed",
          Long.toUnsignedString(length), MAX_ITEMS);
    }
    int smallest = type == GgufValue.Type.STRING ? Long.BYTES : type.width();
    if (length * smallest > in.remaining()) {
      throw in.malformed(
          "truncated: an array of %d items of type %s, which %d bytes cannot hold",
          length, Ascii.toLowerCase(type.name()), in.remaining());
    }
    if (type == GgufValue.Type.STRING) {
      return readStrings((int) length);
    }
    byte[] items = in.readBytes(length * smallest);
    if (type == GgufValue.Type.BOOL) {
      for (byte item : items) {
        checkBool(item);
      }
    }
    return new GgufValue.Numbers(type, items);
  }

  /** Looks at every length first, so that the array can be read at its exact size. */
  private GgufValue.Texts readStrings(int length) throws IOException {
    long start = in.position();
    for (int i = 0; i < length; i++) {
      in.skipString();
    }
    long bytes = in.position() - start;
    if (bytes > MAX_STRING_ARRAY_BYTES) {
      throw in.malformed(
          "an array of strings of %d bytes, of which at most %d are allowed",
          bytes, MAX_STRING_ARRAY_BYTES);
    }
    in.seek(start);
    return new GgufValue.Texts(length, in.readBytes(bytes));
  }

  /** Native readers abort when the key is stored in any other type. */
  private int alignment() {
    GgufValue value = metadata.get(ALIGNMENT_KEY);
    if (value == null) {
      return DEFAULT_ALIGNMENT;
    }
    in.enter("metadata key \"" + ALIGNMENT_KEY + "\"");
    if (!(value instanceof GgufValue.Int(GgufValue.Type type, long alignment))
        || type != GgufValue.Type.UINT32) {
      throw in.malformed("stored as %s, expected uint32", Ascii.toLowerCase(value.type().name()));
    }
    if (Long.bitCount(alignment) != 1 || alignment > Integer.MAX_VALUE) {
      throw in.malformed("an alignment of %d, expected a power of two", alignment);
    }
    return (int) alignment;
  }

  /**
   * The tensor table. As in ggml's reader, data lies in the order of the table, each tensor at the
   * first aligned place after the one before: that leaves no room for overlaps and holes.
   */
  private void readTensors(long count, int alignment) throws IOException {
    var table = new ArrayList<GgufTensor>();
    long end = 0;
    for (long i = 0; i < count; i++) {
      in.enter("tensor " + i);
      GgufTensor tensor = readTensor();
      checkOffset(tensor, end, alignment);
      end = tensor.offset() + tensor.bytes();
      table.add(tensor);
    }
    long dataStart = align(in.position(), alignment);
    for (GgufTensor tensor : table) {
      long offset = dataStart + tensor.offset();
      in.enter("tensor \"" + tensor.name() + "\"");
      if (offset + tensor.bytes() > in.size()) {
        throw in.malformed(
            "truncated: its data would end at byte %d and the file ends at %d",
            offset + tensor.bytes(), in.size());
      }
      var placed =
          new GgufTensor(
              tensor.name(), tensor.type(), tensor.dims(), in.path(), offset, tensor.bytes());
      if (tensors.putIfAbsent(tensor.name(), placed) != null) {
        throw in.malformed("the tensor occurs twice");
      }
    }
  }

  /** A tensor with its offset as in the table, from the beginning of the data. */
  private GgufTensor readTensor() throws IOException {
    String name = readName("tensor name", MAX_NAME_BYTES);
    in.enter("tensor \"" + name + "\"");
    List<Long> dims = readDims();
    int typeId = in.readInt();
    GgufType type =
        GgufType.withId(typeId)
            .orElseThrow(
                () -> in.malformed("tensor type %s is unknown", Integer.toUnsignedString(typeId)));
    long offset = in.readLong();
    return new GgufTensor(name, type, dims, in.path(), offset, checkedBytes(type, dims));
  }

  private List<Long> readDims() throws IOException {
    int count = in.readInt();
    if (count < 0 || count > MAX_DIMENSIONS) {
      throw in.malformed(
          "%s dimensions, of which at most %d are allowed",
          Integer.toUnsignedString(count), MAX_DIMENSIONS);
    }
    var dims = new ArrayList<Long>(count);
    for (int i = 0; i < count; i++) {
      long dim = in.readLong();
      // ggml's reader divides by the dimensions, so that a zero ends the process.
      if (dim < 1) {
        throw in.malformed("dimension %d is %d, expected at least 1", i, dim);
      }
      dims.add(dim);
    }
    return dims;
  }

  private long checkedBytes(GgufType type, List<Long> dims) {
    long row = dims.isEmpty() ? 1 : dims.getFirst();
    if (row % type.blockLength() != 0) {
      throw in.malformed(
          "rows of %d elements are not a multiple of %s's block of %d",
          row, type, type.blockLength());
    }
    long bytes;
    try {
      bytes = type.tensorBytes(dims);
    } catch (ArithmeticException e) {
      throw in.malformed("dimensions %s overflow the size of a tensor", dims);
    }
    if (bytes > in.size()) {
      throw in.malformed(
          "truncated: the tensor has %d bytes, more than the whole file of %d", bytes, in.size());
    }
    return bytes;
  }

  private void checkOffset(GgufTensor tensor, long previousEnd, int alignment) {
    long offset = tensor.offset();
    long expected = align(previousEnd, alignment);
    if (offset < 0 || offset > in.size()) {
      throw in.malformed("data at offset %s, past the end", Long.toUnsignedString(offset));
    }
    if (offset % alignment != 0) {
      throw in.malformed("data at offset %d, which is no multiple of %d", offset, alignment);
    }
    if (offset != expected) {
      throw in.malformed(
          "data at offset %d %s, expected %d",
          offset, offset < expected ? "overlaps another tensor" : "leaves a hole", expected);
    }
  }

  static long align(long position, int alignment) {
    return (position + alignment - 1) & -(long) alignment;
  }
}
