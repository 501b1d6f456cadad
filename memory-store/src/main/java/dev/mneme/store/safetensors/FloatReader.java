package dev.mneme.store.safetensors;

import dev.mneme.MalformedFileException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Turns stored numbers into floats. */
public final class FloatReader {

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private FloatReader() {}

  /**
   * Reads numbers: F32, F16, BF16 exactly, F64 rounded.
   *
   * @param first index of the first element
   * @throws MalformedFileException for another dtype, or if the file was truncated meanwhile
   */
  public static void read(Dtype dtype, MemorySegment data, long first, float[] into, int count) {
    try {
      switch (dtype) {
        case F32 -> MemorySegment.copy(data, FLOAT, first * Float.BYTES, into, 0, count);
        case F16 -> {
          for (int i = 0; i < count; i++) {
            into[i] = Float.float16ToFloat(data.getAtIndex(SHORT, first + i));
          }
        }
        case BF16 -> {
          for (int i = 0; i < count; i++) {
            into[i] = Float.intBitsToFloat(data.getAtIndex(SHORT, first + i) << 16);
          }
        }
        case F64 -> {
          for (int i = 0; i < count; i++) {
            into[i] = (float) data.getAtIndex(DOUBLE, first + i);
          }
        }
        default ->
            throw new MalformedFileException(
                "weights stored as " + dtype + " cannot be read; save them as F32, F16 or BF16");
      }
      awaitFaults();
    } catch (InternalError e) { // how the JVM reports a mapping whose file shrank
      throw new MalformedFileException("the weights' file was TRUNCATED while it was read", e);
    }
  }

  /**
   * Copies stored bytes as they are.
   *
   * @throws MalformedFileException if the file was truncated meanwhile
   */
  public static void copy(MemorySegment data, MemorySegment into) {
    try {
      into.copyFrom(data);
      awaitFaults();
    } catch (InternalError e) { // how the JVM reports a mapping whose file shrank
      throw new MalformedFileException("the weights' file was TRUNCATED while it was read", e);
    }
  }

  /**
   * Compiled code learns of a fault in a mapping only when the thread next leaves and enters Java,
   * which yielding does.
   */
  @SuppressWarnings("ThreadPriorityCheck") // nothing is asked of the scheduler
  static void awaitFaults() {
    Thread.yield();
  }
}
