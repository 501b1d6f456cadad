package dev.mneme.trainer;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * What a kNN retriever says would follow each position of a token file, mapped from disk: for every
 * position {@code width} pairs of token id (u16) and weight (half precision), heaviest first, the
 * rest of the distribution left out and the weights scaled to sum to 1. Places not needed hold
 * weight 0. Safe for several threads once finished; whoever opens it closes it.
 */
public final class SparseTargets implements AutoCloseable {

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int PAIR = 4;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment data;
  private final int width;

  private SparseTargets(Path file, int width, boolean write) {
    this.width = width;
    StandardOpenOption[] options =
        write
            ? new StandardOpenOption[] {StandardOpenOption.READ, StandardOpenOption.WRITE}
            : new StandardOpenOption[] {StandardOpenOption.READ};
    try (FileChannel channel = FileChannel.open(file, options)) {
      long bytes = channel.size();
      if (bytes == 0 || bytes % ((long) width * PAIR) != 0) {
        throw new MalformedFileException(
            "%s holds %d bytes, not a whole number of targets of width %d; build the targets again"
                .formatted(file, bytes, width));
      }
      data = channel.map(write ? MapMode.READ_WRITE : MapMode.READ_ONLY, 0, bytes, arena);
    } catch (IOException e) {
      arena.close();
      throw new MnemeException("cannot map the targets %s: %s".formatted(file, e), e);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /**
   * Maps finished targets.
   *
   * @param width pairs for each position
   */
  public static SparseTargets open(Path file, int width) {
    return new SparseTargets(file, width, false);
  }

  static SparseTargets openToWrite(Path file, int width) {
    return new SparseTargets(file, width, true);
  }

  static long bytes(long positions, int width) {
    return positions * width * PAIR;
  }

  /** Positions with targets. */
  public long size() {
    return data.byteSize() / ((long) width * PAIR);
  }

  /** Pairs for each position. */
  public int width() {
    return width;
  }

  /** The n-th heaviest id of a position. */
  public int id(long position, int n) {
    return Short.toUnsignedInt(data.getAtIndex(SHORT, (position * width + n) * 2));
  }

  /** Its weight, in [0, 1]. */
  public float weight(long position, int n) {
    return Float.float16ToFloat(data.getAtIndex(SHORT, (position * width + n) * 2 + 1));
  }

  void set(long position, int n, int id, float weight) {
    data.setAtIndex(SHORT, (position * width + n) * 2, (short) id);
    data.setAtIndex(SHORT, (position * width + n) * 2 + 1, Float.floatToFloat16(weight));
  }

  void force() {
    data.force();
  }

  @Override
  public void close() {
    arena.close();
  }
}
