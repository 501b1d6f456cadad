package dev.mneme.store.gguf;

import dev.mneme.MnemeException;
import java.nio.ByteBuffer;

/**
 * Encodes 256 numbers as one block of ggml's Q4_K: eight parts of 32, each with a scale and an
 * offset of 6 bits, which a half-precision factor each brings to size; element = scale · code -
 * offset with codes of 4 bits and no negative offset. Layout: factor of the scales, factor of the
 * offsets, 12 bytes with the parts' scales and offsets, 128 bytes with the codes, of which each has
 * one of an even part in its low half and one of the next part in its high half (ggml's {@code
 * block_q4_K}, {@code get_scale_min_k4}).
 *
 * <p>A part's scale and offset start from its smallest and largest number and are then fitted to
 * the codes by least squares, a few times over; ggml searches otherwise, so its bytes differ.
 */
final class SuperBlockEncoder {

  static final int BLOCK = 256;

  private static final int PARTS = 8;
  private static final int PART = BLOCK / PARTS;
  private static final int LARGEST_CODE = 15;
  private static final int LARGEST_SCALE = 63;
  private static final int FITTINGS = 6;

  private final float[] row;
  private final int start;
  private final double[] scales = new double[PARTS];
  private final double[] offsets = new double[PARTS];

  private SuperBlockEncoder(float[] row, int start) {
    this.row = row;
    this.start = start;
  }

  /**
   * Appends the block of {@code row[start]} to {@code row[start + 255]}.
   *
   * @throws MnemeException if a number is not finite, or too large
   */
  static void encode(float[] row, int start, ByteBuffer out) {
    var block = new SuperBlockEncoder(row, start);
    for (int part = 0; part < PARTS; part++) {
      block.fit(part);
    }
    block.write(out);
  }

  private double at(int part, int i) {
    return row[start + part * PART + i];
  }

  private void fit(int part) {
    double low = 0;
    double high = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < PART; i++) {
      double x = at(part, i);
      if (!Double.isFinite(x)) {
        throw RowEncoder.unstorable(row, start + part * PART + i, "Q4_K");
      }
      low = Math.min(low, x);
      high = Math.max(high, x);
    }
    scales[part] = (high - low) / LARGEST_CODE;
    offsets[part] = -low;
    double error = error(part, scales[part], offsets[part]);
    for (int round = 0; round < FITTINGS && scales[part] > 0; round++) {
      double[] fitted = fitted(part, scales[part], offsets[part]);
      double better = error(part, fitted[0], fitted[1]);
      if (!(fitted[0] > 0) || better >= error) {
        return;
      }
      scales[part] = fitted[0];
      offsets[part] = fitted[1];
      error = better;
    }
  }

  /** The scale and offset that are best for the codes that others give. */
  private double[] fitted(int part, double scale, double offset) {
    double codes = 0;
    double squares = 0;
    double numbers = 0;
    double products = 0;
    for (int i = 0; i < PART; i++) {
      int code = code(at(part, i), scale, offset);
      codes += code;
      squares += (double) code * code;
      numbers += at(part, i);
      products += code * at(part, i);
    }
    double spread = PART * squares - codes * codes;
    double fittedScale = spread > 0 ? (PART * products - codes * numbers) / spread : scale;
    double fittedOffset = (fittedScale * codes - numbers) / PART;
    if (fittedOffset < 0) {
      return new double[] {squares > 0 ? products / squares : scale, 0};
    }
    return new double[] {fittedScale, fittedOffset};
  }

  private double error(int part, double scale, double offset) {
    double sum = 0;
    for (int i = 0; i < PART; i++) {
      double x = at(part, i);
      double difference = scale * code(x, scale, offset) - offset - x;
      sum += difference * difference;
    }
    return sum;
  }

  private static int code(double x, double scale, double offset) {
    return scale > 0 ? Math.clamp(Math.round((x + offset) / scale), 0, LARGEST_CODE) : 0;
  }

  private void write(ByteBuffer out) {
    float scaleFactor = factor(scales, out);
    float offsetFactor = factor(offsets, out);
    int[] scaleCodes = codes(scales, scaleFactor);
    int[] offsetCodes = codes(offsets, offsetFactor);
    int half = PARTS / 2;
    for (int part = 0; part < half; part++) {
      out.put((byte) (scaleCodes[part] | scaleCodes[part + half] >> 4 << 6));
    }
    for (int part = 0; part < half; part++) {
      out.put((byte) (offsetCodes[part] | offsetCodes[part + half] >> 4 << 6));
    }
    for (int part = half; part < PARTS; part++) {
      out.put((byte) ((scaleCodes[part] & 15) | (offsetCodes[part] & 15) << 4));
    }
    for (int part = 0; part < PARTS; part += 2) {
      for (int i = 0; i < PART; i++) {
        int low = stored(part, i, scaleFactor, scaleCodes, offsetFactor, offsetCodes);
        int high = stored(part + 1, i, scaleFactor, scaleCodes, offsetFactor, offsetCodes);
        out.put((byte) (low | high << 4));
      }
    }
  }

  /** The code of a number with the scale and offset as they are stored. */
  private int stored(
      int part, int i, float scaleFactor, int[] scaleCodes, float offsetFactor, int[] offsetCodes) {
    double scale = (double) scaleFactor * scaleCodes[part];
    return code(at(part, i), scale, (double) offsetFactor * offsetCodes[part]);
  }

  /** Writes what brings the largest to 63 steps, in half precision, and gives it as written. */
  private float factor(double[] values, ByteBuffer out) {
    double largest = 0;
    for (double value : values) {
      largest = Math.max(largest, value);
    }
    short half = Float.floatToFloat16((float) (largest / LARGEST_SCALE));
    if (RowEncoder.isInfinite(half)) {
      throw RowEncoder.unstorable(row, RowEncoder.largestMagnitude(row, start, BLOCK), "Q4_K");
    }
    out.putShort(half);
    return Float.float16ToFloat(half);
  }

  private static int[] codes(double[] values, float factor) {
    int[] codes = new int[values.length];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = factor > 0 ? Math.clamp(Math.round(values[i] / factor), 0, LARGEST_SCALE) : 0;
    }
    return codes;
  }
}
