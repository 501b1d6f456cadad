package dev.mneme.djl;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import dev.mneme.FloatRows;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Rows of floats in memory that scripts and Java both see; owns that memory until closed. */
final class SharedRows implements AutoCloseable {

  private final Arena arena = Arena.ofShared();
  private final int capacity;
  private final int width;
  private final MemorySegment floats;
  private final PtNDArray tensor;

  SharedRows(PtNDManager owner, int capacity, int width) {
    this.capacity = capacity;
    this.width = width;
    try {
      floats = arena.allocate(ValueLayout.JAVA_FLOAT, (long) capacity * width);
      tensor = owner.create(floats.asByteBuffer(), new Shape(capacity, width), DataType.FLOAT32);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /** The most rows of so many floats that one buffer holds. */
  static int mostRows(int width) {
    return Integer.MAX_VALUE / Float.BYTES / width;
  }

  int capacity() {
    return capacity;
  }

  /** [capacity, width]; closed with these rows. */
  PtNDArray tensor() {
    return tensor;
  }

  int width() {
    return width;
  }

  /** The first rows, to read. */
  MemorySegment read(int count) {
    return ofRows(count).asReadOnly();
  }

  /** Fills the first rows. */
  void set(FloatRows rows) {
    ofRows(rows.count()).copyFrom(rows.segment());
  }

  private MemorySegment ofRows(int count) {
    return floats.asSlice(0, (long) count * width * Float.BYTES);
  }

  @Override
  public void close() {
    tensor.close();
    arena.close();
  }
}
