package dev.mneme.store.gguf;

import com.google.common.base.Ascii;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** One metadata value of a GGUF file, with the type it is stored in. Immutable. */
public sealed interface GgufValue {

  /** The type as stored; of an array, the type of its items. */
  Type type();

  /** How it is stored, in words: {@code uint32}, or {@code an array of uint32}. */
  default String storage() {
    String name = Ascii.toLowerCase(type().name());
    return this instanceof Texts || this instanceof Numbers ? "an array of " + name : name;
  }

  /** A whole number; {@code value} holds the 64 bits where the type is {@code UINT64}. */
  record Int(Type type, long value) implements GgufValue {}

  /** A {@code FLOAT32} or {@code FLOAT64}. */
  record Real(Type type, double value) implements GgufValue {}

  /** True or false. */
  record Bool(boolean value) implements GgufValue {
    @Override
    public Type type() {
      return Type.BOOL;
    }
  }

  /** A string: bytes, by the rules of the format UTF-8, but not in every file. */
  final class Text implements GgufValue {
    private final byte[] bytes;

    /** A string of these bytes. */
    public Text(byte[] bytes) {
      this.bytes = bytes.clone();
    }

    /** A string in UTF-8. */
    public Text(String text) {
      this.bytes = text.getBytes(StandardCharsets.UTF_8);
    }

    /** The bytes; a copy. */
    public byte[] bytes() {
      return bytes.clone();
    }

    @Override
    public Type type() {
      return Type.STRING;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Text that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  /** An array of strings, kept as stored: a list of objects could outgrow the file. */
  final class Texts implements GgufValue {
    private final int length;
    private final byte[] encoded;

    /** Takes over {@code encoded}: each string after its length as a little-endian long. */
    Texts(int length, byte[] encoded) {
      this.length = length;
      this.encoded = encoded;
    }

    /** An array of these strings, each given by its bytes. */
    public static Texts of(byte[]... items) {
      var out = new ByteArrayOutputStream();
      for (byte[] item : items) {
        out.writeBytes(longBytes(item.length));
        out.writeBytes(item);
      }
      return new Texts(items.length, out.toByteArray());
    }

    /** An array of strings in UTF-8. */
    public static Texts of(List<String> items) {
      return of(
          items.stream().map(item -> item.getBytes(StandardCharsets.UTF_8)).toArray(byte[][]::new));
    }

    private static byte[] longBytes(long value) {
      byte[] bytes = new byte[Long.BYTES];
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(value);
      return bytes;
    }

    /** Number of strings. */
    public int length() {
      return length;
    }

    /** The bytes of each string; a copy. */
    public byte[][] items() {
      ByteBuffer data = data();
      byte[][] items = new byte[length][];
      for (int i = 0; i < length; i++) {
        items[i] = new byte[(int) data.getLong()];
        data.get(items[i]);
      }
      return items;
    }

    /** The strings as stored, each after its length, read-only and in little-endian order. */
    ByteBuffer data() {
      return ByteBuffer.wrap(encoded).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public Type type() {
      return Type.STRING;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Texts that && Arrays.equals(encoded, that.encoded);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(encoded);
    }

    @Override
    public String toString() {
      return length + " strings";
    }
  }

  /** An array of numbers or booleans, kept as stored. */
  final class Numbers implements GgufValue {
    private final Type type;
    private final byte[] littleEndian;

    /** Takes over {@code littleEndian}: items of a type of fixed width, one after the other. */
    Numbers(Type type, byte[] littleEndian) {
      this.type = type;
      this.littleEndian = littleEndian;
    }

    /** Number of items. */
    public int length() {
      return littleEndian.length / type.width();
    }

    /** Whether no item is anything but zero or false. */
    public boolean isAllZero() {
      for (byte part : littleEndian) {
        if (part != 0) {
          return false;
        }
      }
      return true;
    }

    /** The items as stored, read-only and in little-endian order. */
    public ByteBuffer data() {
      return ByteBuffer.wrap(littleEndian).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public Type type() {
      return type;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Numbers that
          && type == that.type
          && Arrays.equals(littleEndian, that.littleEndian);
    }

    @Override
    public int hashCode() {
      return 31 * type.hashCode() + Arrays.hashCode(littleEndian);
    }

    @Override
    public String toString() {
      return length() + " items of " + type;
    }
  }

  /**
   * The types that a value can be stored in, by the numbers of {@code gguf_metadata_value_type}.
   */
  enum Type {
    UINT8(0, 1),
    INT8(1, 1),
    UINT16(2, 2),
    INT16(3, 2),
    UINT32(4, 4),
    INT32(5, 4),
    FLOAT32(6, 4),
    BOOL(7, 1),
    STRING(8, 0),
    ARRAY(9, 0),
    UINT64(10, 8),
    INT64(11, 8),
    FLOAT64(12, 8);

    private final int id;
    private final int width;

    Type(int id, int width) {
      this.id = id;
      this.width = width;
    }

    static Optional<Type> withId(int id) {
      return Arrays.stream(values()).filter(type -> type.id == id).findFirst();
    }

    int id() {
      return id;
    }

    /** Bytes of a value, or 0 where values differ in size. */
    int width() {
      return width;
    }

    /** The whole number at the buffer's position; that of a {@code UINT64} is its 64 bits. */
    long readInteger(ByteBuffer from) {
      return switch (this) {
        case UINT8 -> Byte.toUnsignedLong(from.get());
        case INT8 -> from.get();
        case UINT16 -> Short.toUnsignedLong(from.getShort());
        case INT16 -> from.getShort();
        case UINT32 -> Integer.toUnsignedLong(from.getInt());
        case INT32 -> from.getInt();
        case UINT64, INT64 -> from.getLong();
        case FLOAT32, FLOAT64, BOOL, STRING, ARRAY ->
            throw new IllegalStateException(this + " is no whole number");
      };
    }

    boolean isInteger() {
      return switch (this) {
        case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> true;
        case FLOAT32, FLOAT64, BOOL, STRING, ARRAY -> false;
      };
    }
  }
}
