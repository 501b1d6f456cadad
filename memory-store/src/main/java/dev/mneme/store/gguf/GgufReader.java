package dev.mneme.store.gguf;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Parses the header of one GGUF file. Every length is checked against what is left of the file
 * before anything is allocated for it, because a header is the first thing an attacker writes.
 */
final class GgufReader {

  private static final int MAGIC = 0x46554747; // "GGUF", little-endian
  private static final long MAX_ENTRIES = 1 << 20;
  private static final int MAX_KEY_BYTES = 65_535;
  private static final int MAX_TENSOR_NAME_BYTES = 63; // GGML_MAX_NAME less its terminator
  private static final int DEFAULT_ALIGNMENT = 32;

  private static final int ARRAY = 9;
  private static final int STRING = 8;
  private static final int BOOL = 7;
  private static final int[] SCALAR_BYTES = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path path;
  private final MemorySegment file;
  private long position;

  private GgufReader(Path path, MemorySegment file) {
    this.path = path;
    this.file = file;
  }

  static GgufFile read(Path path) {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        Arena arena = Arena.ofConfined()) {
      MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return new GgufReader(path, mapped).parse();
    } catch (java.nio.file.NoSuchFileException e) {
      throw new MnemeException("no such file: " + path, e);
    } catch (IOException e) {
      throw new MnemeException("cannot read " + path + ": " + e.getMessage(), e);
    } catch (InternalError e) { // how the JVM reports a mapping whose file shrank meanwhile
      throw new MalformedFileException(path + " was truncated while it was read", e);
    }
  }

  private GgufFile parse() {
    if (file.byteSize() < 4 || file.get(INT, 0) != MAGIC) {
      throw malformed("is not a GGUF file: it does not begin with the letters GGUF");
    }
    position = 4;
    int version = readInt("version");
    if (Integer.reverseBytes(version) >= 1 && Integer.reverseBytes(version) <= 3) {
      throw malformed("is a big-endian GGUF file; convert it to little-endian");
    }
    if (version != 2 && version != 3) {
      throw malformed(
          "has GGUF version %d, but only 2 and 3 are supported; convert the model again"
              .formatted(version));
    }
    long tensorCount = readCount("number of tensors");
    long keyCount = readCount("number of metadata keys");
    Map<String, GgufValue> metadata = readMetadata(keyCount);
    long alignment = alignment(metadata);
    List<GgufTensor> relative = readTensorTable(tensorCount);
    long dataStart = Math.ceilDiv(position, alignment) * alignment;
    return new GgufFile(path, version, metadata, place(relative, dataStart, alignment));
  }

  private Map<String, GgufValue> readMetadata(long count) {
    var metadata = new LinkedHashMap<String, GgufValue>();
    for (long i = 0; i < count; i++) {
      String key = readName("metadata key " + i, MAX_KEY_BYTES);
      if (key.isEmpty()) {
        throw malformed("has an empty metadata key (number %d)".formatted(i));
      }
      GgufValue value = readValue(key, readInt("type of " + key));
      if (metadata.put(key, value) != null) {
        throw malformed("has the metadata key %s twice".formatted(key));
      }
    }
    return metadata;
  }

  private GgufValue readValue(String key, int type) {
    return switch (type) {
      case ARRAY -> readArray(key);
      case STRING ->
          new GgufValue.Text(
              new String(readBytes("string " + key, Integer.MAX_VALUE), StandardCharsets.UTF_8));
      default -> readScalar(key, type);
    };
  }

  private GgufValue readArray(String key) {
    int type = readInt("element type of " + key);
    long count = readLong("length of " + key);
    if (type == ARRAY) {
      throw malformed("has an array of arrays in %s, which is not supported".formatted(key));
    }
    if (type < 0 || type >= SCALAR_BYTES.length) {
      throw malformed("has an unknown element type %d in %s".formatted(type, key));
    }
    int smallest = type == STRING ? Long.BYTES : SCALAR_BYTES[type];
    if (count < 0 || count > (file.byteSize() - position) / smallest) {
      throw malformed(
          "is truncated: %s announces %s items, more than the file can hold"
              .formatted(key, Long.toUnsignedString(count)));
    }
    var values = new ArrayList<GgufValue>((int) count);
    for (long i = 0; i < count; i++) {
      values.add(readValue(key, type));
    }
    return new GgufValue.Items(values);
  }

  private GgufValue readScalar(String key, int type) {
    if (type < 0 || type >= SCALAR_BYTES.length) {
      throw malformed("has an unknown value type %d in %s".formatted(type, key));
    }
    long at = position;
    skip(SCALAR_BYTES[type], "value of " + key);
    return switch (type) {
      case 0 -> new GgufValue.Whole(Byte.toUnsignedLong(file.get(ValueLayout.JAVA_BYTE, at)));
      case 1 -> new GgufValue.Whole(file.get(ValueLayout.JAVA_BYTE, at));
      case 2 -> new GgufValue.Whole(Short.toUnsignedLong(file.get(SHORT, at)));
      case 3 -> new GgufValue.Whole(file.get(SHORT, at));
      case 4 -> new GgufValue.Whole(Integer.toUnsignedLong(file.get(INT, at)));
      case 5 -> new GgufValue.Whole(file.get(INT, at));
      case 6 -> new GgufValue.Real(Float.intBitsToFloat(file.get(INT, at)));
      case BOOL -> new GgufValue.Truth(readTruth(key, file.get(ValueLayout.JAVA_BYTE, at)));
      case 12 -> new GgufValue.Real(Double.longBitsToDouble(file.get(LONG, at)));
      default -> new GgufValue.Whole(file.get(LONG, at));
    };
  }

  private boolean readTruth(String key, byte value) {
    if (value != 0 && value != 1) {
      throw malformed("has the truth value %d in %s, which may be 0 or 1".formatted(value, key));
    }
    return value == 1;
  }

  private long alignment(Map<String, GgufValue> metadata) {
    GgufValue value = metadata.get("general.alignment");
    return switch (value) {
      case null -> DEFAULT_ALIGNMENT;
      case GgufValue.Whole(long bytes)
          when bytes >= 8 && bytes <= 1 << 16 && Long.bitCount(bytes) == 1 ->
          bytes;
      default ->
          throw malformed(
              "has general.alignment %s, which must be a power of two from 8 on".formatted(value));
    };
  }

  /** Tensors with offsets as the file has them, counted from the data section. */
  private List<GgufTensor> readTensorTable(long count) {
    var tensors = new ArrayList<GgufTensor>();
    var names = new java.util.HashSet<String>();
    for (long i = 0; i < count; i++) {
      String name = readName("tensor name " + i, MAX_TENSOR_NAME_BYTES);
      if (!names.add(name)) {
        throw malformed("has the tensor %s twice".formatted(name));
      }
      int rank = readInt("rank of " + name);
      if (rank < 1 || rank > 4) {
        throw malformed(
            "gives the tensor %s %s dimensions; 1 to 4 are possible"
                .formatted(name, Integer.toUnsignedString(rank)));
      }
      var dims = new ArrayList<Long>();
      for (int d = 0; d < rank; d++) {
        dims.add(readLong("shape of " + name));
      }
      GgufType type = typeOf(name, readInt("type of " + name));
      long bytes = sizeOf(name, type, dims);
      tensors.add(new GgufTensor(name, type, dims, readLong("offset of " + name), bytes));
    }
    return tensors;
  }

  private GgufType typeOf(String name, int id) {
    for (GgufType type : GgufType.values()) {
      if (type.id() == id) {
        return type;
      }
    }
    throw malformed("stores the tensor %s in an unknown type %d".formatted(name, id));
  }

  private long sizeOf(String name, GgufType type, List<Long> dims) {
    try {
      long rows = 1;
      for (long dim : dims) {
        if (dim < 1) {
          throw malformed("gives the tensor %s a dimension of %d".formatted(name, dim));
        }
      }
      for (long dim : dims.subList(1, dims.size())) {
        rows = Math.multiplyExact(rows, dim);
      }
      if (dims.getFirst() % type.blockLength() != 0) {
        throw malformed(
            "gives the tensor %s rows of %d numbers, but %s stores blocks of %d"
                .formatted(name, dims.getFirst(), type, type.blockLength()));
      }
      Math.multiplyExact(rows, dims.getFirst()); // the native loader counts elements too
      return Math.multiplyExact(rows, type.rowBytes(dims.getFirst()));
    } catch (ArithmeticException e) {
      throw new MalformedFileException(
          "%s: the shape %s of the tensor %s overflows".formatted(path, dims, name), e);
    }
  }

  private Map<String, GgufTensor> place(List<GgufTensor> relative, long dataStart, long alignment) {
    for (GgufTensor tensor : relative) {
      long offset = tensor.offset();
      if (offset < 0 || offset % alignment != 0) {
        throw malformed(
            "puts the tensor %s at offset %s, which is not a multiple of %d"
                .formatted(tensor.name(), Long.toUnsignedString(offset), alignment));
      }
      long available = file.byteSize() - dataStart;
      if (offset > available || tensor.bytes() > available - offset) {
        throw malformed(
            "is truncated: the tensor %s ends at byte %s of %d"
                .formatted(
                    tensor.name(),
                    Long.toUnsignedString(dataStart + offset + tensor.bytes()),
                    file.byteSize()));
      }
    }
    List<GgufTensor> sorted =
        relative.stream().sorted(Comparator.comparingLong(GgufTensor::offset)).toList();
    for (int i = 1; i < sorted.size(); i++) {
      GgufTensor before = sorted.get(i - 1);
      if (before.offset() + before.bytes() > sorted.get(i).offset()) {
        throw malformed(
            "has overlapping tensors: %s and %s".formatted(before.name(), sorted.get(i).name()));
      }
    }
    var placed = new LinkedHashMap<String, GgufTensor>();
    for (GgufTensor t : relative) {
      placed.put(
          t.name(),
          new GgufTensor(t.name(), t.type(), t.dims(), dataStart + t.offset(), t.bytes()));
    }
    return placed;
  }

  private long readCount(String what) {
    long count = readLong(what);
    if (count < 0 || count > MAX_ENTRIES) {
      throw malformed(
          "announces %s as %s; at most %d are accepted"
              .formatted(Long.toUnsignedString(count), what, MAX_ENTRIES));
    }
    return count;
  }

  private String readName(String what, int longest) {
    byte[] bytes = readBytes(what, longest);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new MalformedFileException("%s: the %s is not UTF-8".formatted(path, what), e);
    }
  }

  private byte[] readBytes(String what, int longest) {
    long length = readLong("length of " + what);
    if (length < 0 || length > file.byteSize() - position) {
      throw malformed(
          "is truncated: the %s announces %s bytes, more than are left"
              .formatted(what, Long.toUnsignedString(length)));
    }
    if (length > longest) {
      throw malformed(
          "has a %s of %d bytes; at most %d are possible".formatted(what, length, longest));
    }
    byte[] bytes = file.asSlice(position, length).toArray(ValueLayout.JAVA_BYTE);
    position += length;
    return bytes;
  }

  private int readInt(String what) {
    long at = position;
    skip(Integer.BYTES, what);
    return file.get(INT, at);
  }

  private long readLong(String what) {
    long at = position;
    skip(Long.BYTES, what);
    return file.get(LONG, at);
  }

  private void skip(int bytes, String what) {
    if (file.byteSize() - position < bytes) {
      throw malformed("is truncated: it ends inside the %s".formatted(what));
    }
    position += bytes;
  }

  private MalformedFileException malformed(String rule) {
    return new MalformedFileException("%s %s (at byte %d)".formatted(path, rule, position));
  }
}
