package dev.mneme.benchmarks.schema;

import dev.mneme.store.gguf.GgufValue;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * A metadata value as it stands in a file.
 *
 * @param label what it is, in a report
 * @param type the number of its type, which need not exist
 * @param encoded the bytes after the type
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed
record RawValue(String label, int type, byte[] encoded) {

  /** Numbers of {@code gguf_metadata_value_type}. */
  static final int UINT8 = 0;

  static final int UINT32 = 4;
  static final int INT32 = 5;
  static final int FLOAT32 = 6;
  static final int BOOL = 7;
  static final int STRING = 8;
  static final int ARRAY = 9;
  static final int FLOAT64 = 12;

  private static final String[] NAMES = {
    "u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "string", "array", "u64", "i64", "f64"
  };

  /** Bytes of a whole number or boolean of each type; 0 for the others. */
  private static final int[] WIDTHS = {1, 1, 2, 2, 4, 4, 0, 1, 0, 0, 8, 8, 0};

  static final int[] INTEGERS = {0, 1, 2, 3, 4, 5, 10, 11};

  static int bits(int type) {
    return WIDTHS[type] * Byte.SIZE;
  }

  static boolean isSigned(int type) {
    return type == 1 || type == 3 || type == 5 || type == 11;
  }

  static RawValue integer(int type, long value) {
    return new RawValue(
        NAMES[type] + " " + value,
        type,
        new LittleEndian().integer(value, WIDTHS[type]).toByteArray());
  }

  static RawValue real(int type, double value) {
    return new RawValue(NAMES[type] + " " + value, type, real(new LittleEndian(), type, value));
  }

  private static byte[] real(LittleEndian out, int type, double value) {
    return (type == FLOAT32 ? out.float32((float) value) : out.float64(value)).toByteArray();
  }

  static RawValue bool(int value) {
    return integer(BOOL, value);
  }

  static RawValue string(String text) {
    String label = text.length() > 20 ? text.length() + " characters" : '"' + text + '"';
    return new RawValue("string " + label, STRING, new LittleEndian().string(text).toByteArray());
  }

  /** An array whose items are all the same. */
  static RawValue array(int itemType, int length, RawValue item) {
    return array(itemType, length, item.label, (out, i) -> out.bytes(item.encoded));
  }

  /** An array of whole numbers. */
  static RawValue array(int itemType, long... items) {
    return array(
        itemType,
        items.length,
        Arrays.toString(items),
        (out, i) -> out.integer(items[i], WIDTHS[itemType]));
  }

  static RawValue strings(List<String> items) {
    return array(STRING, items.size(), "strings", (out, i) -> out.string(items.get(i)));
  }

  private interface ItemWriter {
    void write(LittleEndian out, int index);
  }

  private static RawValue array(int itemType, int length, String label, ItemWriter items) {
    var out = new LittleEndian().int32(itemType).int64(length);
    for (int i = 0; i < length; i++) {
      items.write(out, i);
    }
    return new RawValue("array of %d: %s".formatted(length, label), ARRAY, out.toByteArray());
  }

  /** The value of a valid file. */
  static RawValue of(GgufValue value) {
    int type = number(value.type());
    return switch (value) {
      case GgufValue.Int(_, long number) -> integer(type, number);
      case GgufValue.Real(_, double number) -> real(type, number);
      case GgufValue.Bool(boolean flag) -> bool(flag ? 1 : 0);
      case GgufValue.Text text -> string(text.toString());
      case GgufValue.Texts texts -> {
        byte[][] items = texts.items();
        yield array(
            type, items.length, "strings", (out, i) -> out.int64(items[i].length).bytes(items[i]));
      }
      case GgufValue.Numbers numbers -> {
        ByteBuffer data = numbers.data();
        byte[] bytes = new byte[data.remaining()];
        data.get(bytes);
        yield new RawValue(
            "array",
            ARRAY,
            new LittleEndian().int32(type).int64(numbers.length()).bytes(bytes).toByteArray());
      }
    };
  }

  private static int number(GgufValue.Type type) {
    return switch (type) {
      case UINT8 -> 0;
      case INT8 -> 1;
      case UINT16 -> 2;
      case INT16 -> 3;
      case UINT32 -> UINT32;
      case INT32 -> INT32;
      case FLOAT32 -> FLOAT32;
      case BOOL -> BOOL;
      case STRING -> STRING;
      case ARRAY -> ARRAY;
      case UINT64 -> 10;
      case INT64 -> 11;
      case FLOAT64 -> FLOAT64;
    };
  }

  /** The text of a string. */
  String text() {
    return new String(encoded, Long.BYTES, encoded.length - Long.BYTES, StandardCharsets.UTF_8);
  }

  /** The value of a uint32. */
  long uint32() {
    return Integer.toUnsignedLong(ByteBuffer.wrap(encoded).order(ByteOrder.LITTLE_ENDIAN).getInt());
  }
}
