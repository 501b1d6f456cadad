package dev.mneme;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Rows of contiguous 32-bit floats in native byte order: next-token logits, or a host's
 * activations.
 *
 * <p>A view, not a copy, and not to be written to. Rows of an engine's session are valid until that
 * session is extended, truncated or closed; read later they throw {@link StaleValueException}. So
 * does everything below that gives access to the floats. A segment that was asked for earlier must
 * not be read later either.
 */
public final class FloatRows {

  /** No rows, for memories that read none. */
  public static final FloatRows NONE = new FloatRows(MemorySegment.NULL, 0, 0);

  private final MemorySegment segment;
  private final int count;
  private final int width;
  private final @Nullable EngineSession source;
  private final int call;

  /**
   * Rows that are valid as long as their memory is.
   *
   * @param segment {@code count * width} floats, row after row; native or on the heap
   * @param count number of rows, 0 for {@link Rows#NONE}
   * @param width floats in a row. For logits the model's logit width, which may exceed its
   *     vocabulary by padding; for activations the width at their {@link Tap}
   */
  public FloatRows(MemorySegment segment, int count, int width) {
    this(segment, count, width, null);
  }

  /** Rows that are valid until the next call of the session they come from. */
  FloatRows(MemorySegment segment, int count, int width, @Nullable EngineSession source) {
    long expected = (long) count * width * Float.BYTES;
    if (count < 0 || width < 0 || segment.byteSize() != expected) {
      throw new IllegalArgumentException(
          "%d rows of %d floats take %d bytes, but the segment has %d"
              .formatted(count, width, expected, segment.byteSize()));
    }
    this.segment = segment;
    this.count = count;
    this.width = width;
    this.source = source;
    this.call = source == null ? 0 : source.calls();
  }

  /**
   * Rows held in an array, for models written in Java.
   *
   * @param width at least 1
   */
  public static FloatRows of(float[] values, int width) {
    if (width < 1) {
      throw new IllegalArgumentException("a row must have at least 1 float, not " + width);
    }
    return new FloatRows(MemorySegment.ofArray(values), values.length / width, width);
  }

  /** Number of rows. */
  public int count() {
    return count;
  }

  /** Floats in a row. */
  public int width() {
    return width;
  }

  /** All floats, row after row. */
  public MemorySegment segment() {
    if (source != null && source.calls() != call) {
      throw new StaleValueException(
          "these rows were valid until the next call of their session of %s, which has been extended, truncated or closed since; copy what is needed later"
              .formatted(source.model()));
    }
    return segment;
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
    return segment().asSlice(index * bytes, bytes);
  }

  /**
   * One number of one row.
   *
   * @param row 0 to {@code count - 1}
   * @param column 0 to {@code width - 1}
   */
  public float get(int row, int column) {
    if (row < 0 || row >= count || column < 0 || column >= width) {
      throw new IndexOutOfBoundsException(
          "row %d, column %d of %d rows of %d floats".formatted(row, column, count, width));
    }
    return segment().getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * width + column);
  }

  /** {@code 1 rows of 512 floats}. */
  @Override
  public String toString() {
    return count + " rows of " + width + " floats";
  }
}
