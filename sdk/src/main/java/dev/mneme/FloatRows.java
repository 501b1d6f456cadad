package dev.mneme;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Rows of contiguous 32-bit floats in native byte order: next-token logits, or a host's
 * activations.
 *
 * <p>A view, not a copy: it is valid until the next call of the session that gave it, and must not
 * be written to.
 *
 * @param segment {@code count * width} floats, row after row; native or on the heap
 * @param count number of rows, 0 for {@link Rows#NONE}
 * @param width floats in a row. For logits the model's logit width, which may exceed its vocabulary
 *     by padding; for activations the width at their {@link Tap}
 */
public record FloatRows(MemorySegment segment, int count, int width) {

  /** No rows, for memories that read none. */
  public static final FloatRows NONE = new FloatRows(MemorySegment.NULL, 0, 0);

  public FloatRows {
    long expected = (long) count * width * Float.BYTES;
    if (segment.byteSize() != expected) {
      throw new IllegalArgumentException(
          "%d rows of %d floats take %d bytes, but the segment has %d"
              .formatted(count, width, expected, segment.byteSize()));
    }
  }

  /** Rows held in an array, for models written in Java. */
  public static FloatRows of(float[] values, int width) {
    return new FloatRows(MemorySegment.ofArray(values), values.length / width, width);
  }

  /**
   * One row.
   *
   * @param index 0 to {@code count - 1}
   */
  public MemorySegment row(int index) {
    if (index < 0 || index >= count) {
      throw new IndexOutOfBoundsException("row " + index + " of " + count);
    }
    long bytes = (long) width * Float.BYTES;
    return segment.asSlice(index * bytes, bytes);
  }

  /** One number of one row. */
  public float get(int row, int column) {
    return row(row).getAtIndex(ValueLayout.JAVA_FLOAT, column);
  }
}
