package dev.mneme.store.gguf;

import com.google.common.base.Preconditions;
import dev.mneme.MnemeException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Turns rows of floats into the bytes of a tensor. */
public final class RowEncoder {
  /** Of every type with blocks here. */
  private static final int BLOCK = 32;

  private static final int Q8_LARGEST_CODE = 127;

  private RowEncoder() {}

  /**
   * Encodes the first {@code count} floats of a row and moves the buffer's position past them.
   *
   * <p>Half precision rounds to nearest, ties to even. Q8_0 gives the bytes of ggml's {@code
   * quantize_row_q8_0_ref}: blocks of 32 with a half-precision scale of the largest magnitude / 127
   * and one signed byte per element. Q4_0 and Q4_1 give those of {@code quantize_row_q4_0_ref} and
   * {@code quantize_row_q4_1_ref}, without fused multiply-add as in gguf-py; a C compiler that
   * fuses rounds a rare code otherwise. Q4_0 has a half-precision scale of the number of largest
   * magnitude / -8, and element = scale * (code - 8); Q4_1 has a scale and the smallest number, and
   * element = scale * code + smallest. Then come 16 bytes, each with the code of one of the block's
   * first 16 elements in its low half and of one of the last 16 in its high half. Q4_K has ggml's
   * layout, with scales found in another way ({@link SuperBlockEncoder}).
   *
   * @param type F32, F16, Q8_0, Q4_0, Q4_1 or Q4_K
   * @param into with at least {@code type.rowBytes(count)} bytes left; its byte order is of no
   *     account
   * @throws IllegalArgumentException if the type is another one, or if the row is not a whole
   *     number of its blocks
   * @throws IndexOutOfBoundsException if the row or the buffer is too short
   * @throws MnemeException if a number cannot be stored: one that becomes infinite in half
   *     precision, or in a type with blocks one that is not finite or too large
   */
  public static void encode(GgufType type, float[] row, int count, ByteBuffer into) {
    Preconditions.checkPositionIndex(count, row.length);
    int bytes = Math.toIntExact(type.rowBytes(count));
    ByteBuffer out = into.slice(into.position(), bytes).order(ByteOrder.LITTLE_ENDIAN);
    switch (type) {
      case F32 -> out.asFloatBuffer().put(row, 0, count);
      case F16 -> encodeHalf(row, count, out);
      case Q8_0 -> encodeQ8(row, count, out);
      case Q4_0 -> encodeQ40(row, count, out);
      case Q4_1 -> encodeQ41(row, count, out);
      case Q4_K -> {
        for (int start = 0; start < count; start += SuperBlockEncoder.BLOCK) {
          SuperBlockEncoder.encode(row, start, out);
        }
      }
      default ->
          throw new IllegalArgumentException(
              "rows can be encoded as F32, F16, Q8_0, Q4_0, Q4_1 or Q4_K, not as " + type);
    }
    into.position(into.position() + bytes);
  }

  private static void encodeHalf(float[] row, int count, ByteBuffer out) {
    for (int i = 0; i < count; i++) {
      short half = Float.floatToFloat16(row[i]);
      if (isInfinite(half) && Float.isFinite(row[i])) {
        throw unstorable(row, i, "F16");
      }
      out.putShort(half);
    }
  }

  private static void encodeQ8(float[] row, int count, ByteBuffer out) {
    for (int start = 0; start < count; start += BLOCK) {
      int largest = largestMagnitude(row, start, "Q8_0");
      float scale = Math.abs(row[largest]) / Q8_LARGEST_CODE;
      short half = Float.floatToFloat16(scale);
      if (isInfinite(half)) {
        throw unstorable(row, largest, "Q8_0");
      }
      out.putShort(half);
      float inverse = 1 / scale;
      for (int i = start; i < start + BLOCK; i++) {
        // Below 1e-37 the inverse is infinite; the stored scale is then 0 and so is every element.
        out.put(Float.isInfinite(inverse) ? 0 : roundHalfAwayFromZero(row[i] * inverse));
      }
    }
  }

  private static void encodeQ40(float[] row, int count, ByteBuffer out) {
    for (int start = 0; start < count; start += BLOCK) {
      int largest = largestMagnitude(row, start, "Q4_0");
      float scale = row[largest] / -8;
      short half = Float.floatToFloat16(scale);
      if (isInfinite(half)) {
        throw unstorable(row, largest, "Q4_0");
      }
      out.putShort(half);
      float inverse = inverse(scale);
      putCodes(row, start, out, x -> (int) (x * inverse + 8.5f));
    }
  }

  private static void encodeQ41(float[] row, int count, ByteBuffer out) {
    for (int start = 0; start < count; start += BLOCK) {
      int largest = largestMagnitude(row, start, "Q4_1");
      float min = row[start];
      float max = row[start];
      for (int i = start + 1; i < start + BLOCK; i++) {
        min = Math.min(min, row[i]);
        max = Math.max(max, row[i]);
      }
      float lowest = min;
      float scale = (max - lowest) / 15;
      short half = Float.floatToFloat16(scale);
      short halfOfLowest = Float.floatToFloat16(lowest);
      if (isInfinite(half) || isInfinite(halfOfLowest)) {
        throw unstorable(row, largest, "Q4_1");
      }
      out.putShort(half);
      out.putShort(halfOfLowest);
      float inverse = inverse(scale);
      putCodes(row, start, out, x -> (int) ((x - lowest) * inverse + 0.5f));
    }
  }

  /** Zero also below 1e-38, where 1 / scale is infinite; the stored scale is then 0 anyway. */
  private static float inverse(float scale) {
    float inverse = 1 / scale;
    return Float.isInfinite(inverse) ? 0 : inverse;
  }

  private interface Coding {
    int code(float number);
  }

  /** Puts a block's codes of 4 bits, two in a byte. */
  private static void putCodes(float[] row, int start, ByteBuffer out, Coding coding) {
    for (int i = start; i < start + BLOCK / 2; i++) {
      int low = Math.min(15, coding.code(row[i]));
      int high = Math.min(15, coding.code(row[i + BLOCK / 2]));
      out.put((byte) (low | high << 4));
    }
  }

  private static int largestMagnitude(float[] row, int start, String type) {
    int largest = start;
    for (int i = start; i < start + BLOCK; i++) {
      if (Float.isNaN(row[i])) {
        throw unstorable(row, i, type);
      }
      if (Math.abs(row[i]) > Math.abs(row[largest])) {
        largest = i;
      }
    }
    return largest;
  }

  /** C's {@code roundf}; in double precision adding the half is exact. */
  private static byte roundHalfAwayFromZero(float x) {
    return (byte) (int) (x + Math.copySign(0.5, (double) x));
  }

  /** Which of so many numbers is farthest from 0. */
  static int largestMagnitude(float[] row, int start, int count) {
    int largest = start;
    for (int i = start; i < start + count; i++) {
      if (Math.abs(row[i]) > Math.abs(row[largest])) {
        largest = i;
      }
    }
    return largest;
  }

  static boolean isInfinite(short half) {
    return (half & 0x7fff) == 0x7c00;
  }

  static MnemeException unstorable(float[] row, int index, String type) {
    return new MnemeException(
        "element %d of a row is %s, which %s cannot hold: store the tensor as F32, or correct it"
            .formatted(index, row[index], type));
  }
}
