package dev.mneme.store.gguf;

import com.google.common.base.Preconditions;
import dev.mneme.MnemeException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Turns rows of floats into the bytes of a tensor. */
public final class RowEncoder {
  private static final int Q8_BLOCK = GgufType.Q8_0.blockLength();
  private static final int Q8_LARGEST_CODE = 127;

  private RowEncoder() {}

  /**
   * Encodes the first {@code count} floats of a row and moves the buffer's position past them.
   *
   * <p>Half precision rounds to nearest, ties to even. Q8_0 gives the bytes of ggml's {@code
   * quantize_row_q8_0_ref}: blocks of 32 with a half-precision scale of the largest magnitude / 127
   * and one signed byte per element.
   *
   * @param type F32, F16 or Q8_0
   * @param into with at least {@code type.rowBytes(count)} bytes left; its byte order is of no
   *     account
   * @throws IllegalArgumentException if the type is another one, or if the row is not a whole
   *     number of its blocks
   * @throws IndexOutOfBoundsException if the row or the buffer is too short
   * @throws MnemeException if a number cannot be stored: one that becomes infinite in half
   *     precision, or in Q8_0 one that is not finite or too large
   */
  public static void encode(GgufType type, float[] row, int count, ByteBuffer into) {
    Preconditions.checkPositionIndex(count, row.length);
    int bytes = Math.toIntExact(type.rowBytes(count));
    ByteBuffer out = into.slice(into.position(), bytes).order(ByteOrder.LITTLE_ENDIAN);
    switch (type) {
      case F32 -> out.asFloatBuffer().put(row, 0, count);
      case F16 -> encodeHalf(row, count, out);
      case Q8_0 -> encodeQ8(row, count, out);
      default ->
          throw new IllegalArgumentException(
              "rows can be encoded as F32, F16 or Q8_0, not as " + type);
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
    for (int start = 0; start < count; start += Q8_BLOCK) {
      int largest = largestMagnitude(row, start);
      float scale = Math.abs(row[largest]) / Q8_LARGEST_CODE;
      short half = Float.floatToFloat16(scale);
      if (isInfinite(half)) {
        throw unstorable(row, largest, "Q8_0");
      }
      out.putShort(half);
      float inverse = 1 / scale;
      for (int i = start; i < start + Q8_BLOCK; i++) {
        // Below 1e-37 the inverse is infinite; the stored scale is then 0 and so is every element.
        out.put(Float.isInfinite(inverse) ? 0 : roundHalfAwayFromZero(row[i] * inverse));
      }
    }
  }

  private static int largestMagnitude(float[] row, int start) {
    int largest = start;
    for (int i = start; i < start + Q8_BLOCK; i++) {
      if (Float.isNaN(row[i])) {
        throw unstorable(row, i, "Q8_0");
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

  private static boolean isInfinite(short half) {
    return (half & 0x7fff) == 0x7c00;
  }

  private static MnemeException unstorable(float[] row, int index, String type) {
    return new MnemeException(
        "element %d of a row is %s, which %s cannot hold: store the tensor as F32, or correct it"
            .formatted(index, row[index], type));
  }
}
