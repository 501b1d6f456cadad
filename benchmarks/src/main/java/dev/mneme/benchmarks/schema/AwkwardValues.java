package dev.mneme.benchmarks.schema;

import static dev.mneme.benchmarks.schema.RawValue.ARRAY;
import static dev.mneme.benchmarks.schema.RawValue.BOOL;
import static dev.mneme.benchmarks.schema.RawValue.FLOAT32;
import static dev.mneme.benchmarks.schema.RawValue.FLOAT64;
import static dev.mneme.benchmarks.schema.RawValue.INT32;
import static dev.mneme.benchmarks.schema.RawValue.STRING;
import static dev.mneme.benchmarks.schema.RawValue.UINT32;
import static dev.mneme.benchmarks.schema.RawValue.UINT8;

import java.util.ArrayList;
import java.util.List;

/** A value of every type that GGUF has and of some that it lacks, each at its limits. */
final class AwkwardValues {

  private static final int UNKNOWN_TYPE = 13;
  private static final int HUGE_TEXT = 1 << 20;
  private static final int LONG_ARRAY = 70_000;

  private static final long[] UINT32_VALUES = {
    0, 1, 2, 3, 5, 8, 31, 64, 256, 513, 65_536, Integer.MAX_VALUE, 1L << 31, (1L << 32) - 1
  };

  private static final float[] FLOATS = {
    0,
    1,
    -1,
    Float.MIN_VALUE,
    0.5f,
    Float.MAX_VALUE,
    Float.NaN,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY
  };

  private static final List<String> TEXTS =
      List.of("", "x", "yarn", "longrope", "llama", "gpt2", "\0", "%s%n%d");

  private AwkwardValues() {}

  static List<RawValue> all() {
    var values = new ArrayList<RawValue>();
    for (long value : UINT32_VALUES) {
      values.add(RawValue.integer(UINT32, value));
    }
    for (int type : RawValue.INTEGERS) {
      if (type != UINT32) {
        values.add(RawValue.integer(type, 1));
        values.add(RawValue.integer(type, -1));
        values.add(RawValue.integer(type, most(type)));
      }
    }
    values.add(RawValue.integer(INT32, Integer.MIN_VALUE));
    for (float value : FLOATS) {
      values.add(RawValue.real(FLOAT32, value));
    }
    values.add(RawValue.real(FLOAT64, 1));
    values.add(RawValue.real(FLOAT64, Double.NaN));
    for (int value = 0; value <= 2; value++) {
      values.add(RawValue.bool(value));
    }
    TEXTS.forEach(text -> values.add(RawValue.string(text)));
    values.add(RawValue.string("a".repeat(HUGE_TEXT)));
    addArrays(values);
    values.add(new RawValue("a value of an unknown type", UNKNOWN_TYPE, new byte[4]));
    return values;
  }

  private static long most(int type) {
    int bits = RawValue.bits(type) - (RawValue.isSigned(type) ? 1 : 0);
    return bits == Long.SIZE ? -1 : (1L << bits) - 1;
  }

  private static void addArrays(List<RawValue> values) {
    for (int type : RawValue.INTEGERS) {
      values.add(RawValue.array(type, 1, 1));
    }
    for (int length : new int[] {0, 2, 6, 513}) {
      for (long item : new long[] {0, 4, -1}) {
        values.add(RawValue.array(UINT32, length, RawValue.integer(UINT32, item)));
      }
    }
    values.add(RawValue.array(INT32, 2, RawValue.integer(INT32, -1)));
    values.add(RawValue.array(UINT8, LONG_ARRAY, RawValue.integer(UINT8, 1)));
    values.add(RawValue.array(UINT32, LONG_ARRAY, RawValue.integer(UINT32, 4)));
    values.add(RawValue.array(FLOAT32, 2, RawValue.real(FLOAT32, 1)));
    values.add(RawValue.array(FLOAT32, 2, RawValue.real(FLOAT32, Float.NaN)));
    values.add(RawValue.array(FLOAT64, 2, RawValue.real(FLOAT64, 1)));
    values.add(RawValue.array(BOOL, 2, RawValue.bool(1)));
    values.add(RawValue.array(BOOL, 6, RawValue.bool(0)));
    values.add(RawValue.array(BOOL, 2, RawValue.bool(2)));
    values.add(RawValue.strings(List.of()));
    values.add(RawValue.strings(List.of("")));
    values.add(RawValue.strings(List.of("x", "x")));
    values.add(RawValue.array(ARRAY, 1, nested()));
    values.add(RawValue.array(UNKNOWN_TYPE, 1, RawValue.integer(UINT32, 1)));
    values.add(RawValue.array(STRING, 0, RawValue.integer(UINT32, 1)));
  }

  /** An array inside an array. */
  private static RawValue nested() {
    return RawValue.array(UINT32, 1, 1);
  }
}
