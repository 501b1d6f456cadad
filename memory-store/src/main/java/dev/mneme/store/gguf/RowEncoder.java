package dev.mneme.store.gguf;

import java.nio.ByteBuffer;

/** Turns rows of floats into the bytes of a {@link GgufType}. */
public final class RowEncoder {

  private RowEncoder() {}

  /**
   * Appends a row.
   *
   * @param count numbers of the row, a multiple of the type's block length
   * @param into little-endian
   * @throws IllegalArgumentException for a type that cannot be written
   */
  public static void encode(GgufType type, float[] row, int count, ByteBuffer into) {
    switch (type) {
      case F32 -> {
        for (int i = 0; i < count; i++) {
          into.putFloat(row[i]);
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          into.putShort(Float.floatToFloat16(row[i]));
        }
      }
      case Q8_0 -> encodeQ8(row, count, into);
      default ->
          throw new IllegalArgumentException(
              "writing " + type + " is not supported; F32, F16 and Q8_0 are");
    }
  }

  /**
   * Blocks of 32 signed bytes after a half-precision scale, the largest magnitude over 127; bit for
   * bit what ggml's {@code quantize_row_q8_0_ref} gives.
   */
  private static void encodeQ8(float[] row, int count, ByteBuffer into) {
    int block = GgufType.Q8_0.blockLength();
    for (int start = 0; start < count; start += block) {
      float largest = 0f;
      for (int i = start; i < start + block; i++) {
        largest = Math.max(largest, Math.abs(row[i]));
      }
      float scale = largest / 127f;
      float inverse = scale == 0f ? 0f : 1f / scale;
      into.putShort(Float.floatToFloat16(scale));
      for (int i = start; i < start + block; i++) {
        float scaled = row[i] * inverse;
        // C's roundf: halves away from zero.
        into.put((byte) (scaled < 0 ? -Math.floor(0.5 - scaled) : Math.floor(0.5 + scaled)));
      }
    }
  }
}
