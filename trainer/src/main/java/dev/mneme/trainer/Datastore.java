package dev.mneme.trainer;

import com.google.common.base.Preconditions;
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
import java.util.ArrayList;
import java.util.List;

/**
 * A teacher's activation at every position of a token file, mapped from disk: key i is what the
 * teacher computed after token i, and its value is token i + 1, which the token file holds. The
 * last position has no value and no key. Keys are half precision, [positions · width], nothing
 * before or after. Safe for several threads until closed; whoever opens it closes it.
 */
public final class Datastore implements AutoCloseable {

  private static final ValueLayout.OfShort HALF =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Rows of a block: below 2 GiB for every width in use, and small enough to be searched whole. */
  private static final int BLOCK = 65_536;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment keys;
  private final int width;
  private final long size;

  private Datastore(Path file, int width, MapMode mode) {
    this.width = width;
    try (FileChannel channel =
        mode == MapMode.READ_ONLY
            ? FileChannel.open(file, StandardOpenOption.READ)
            : FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long bytes = channel.size();
      if (bytes == 0 || bytes % (2L * width) != 0) {
        throw new MalformedFileException(
            "%s holds %d bytes, not a whole number of keys of width %d; build the datastore again"
                .formatted(file, bytes, width));
      }
      size = bytes / (2L * width);
      keys = channel.map(mode, 0, bytes, arena);
    } catch (IOException e) {
      arena.close();
      throw new MnemeException("cannot map the datastore %s: %s".formatted(file, e), e);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /**
   * Maps a finished datastore.
   *
   * @param width numbers of a key
   */
  public static Datastore open(Path file, int width) {
    return new Datastore(file, width, MapMode.READ_ONLY);
  }

  static Datastore openToWrite(Path file, int width) {
    return new Datastore(file, width, MapMode.READ_WRITE);
  }

  /** Keys, one less than the token file has tokens. */
  public long size() {
    return size;
  }

  public int width() {
    return width;
  }

  /** Copies a key in 32 bits. */
  void read(long row, float[] into, int at) {
    for (int i = 0; i < width; i++) {
      into[at + i] = Float.float16ToFloat(keys.getAtIndex(HALF, row * width + i));
    }
  }

  /** Stores keys; numbers too large for half precision become its largest. */
  void write(long row, float[] from, int at, int count) {
    for (int i = 0; i < count * width; i++) {
      float value = Math.clamp(from[at + i], -65504f, 65504f);
      keys.setAtIndex(HALF, row * width + i, Float.floatToFloat16(value));
    }
  }

  void force() {
    keys.force();
  }

  /** Some of the keys as they lie in memory. */
  private MemorySegment rows(long from, long to) {
    Preconditions.checkPositionIndexes(
        Math.toIntExact(from), Math.toIntExact(to), Math.toIntExact(size));
    return keys.asSlice(from * width * 2, (to - from) * width * 2);
  }

  /** All keys in blocks that can be searched one after the other. */
  List<MemorySegment> blocks() {
    var blocks = new ArrayList<MemorySegment>();
    for (long from = 0; from < size; from += BLOCK) {
      blocks.add(rows(from, Math.min(size, from + BLOCK)));
    }
    return blocks;
  }

  @Override
  public void close() {
    arena.close();
  }
}
