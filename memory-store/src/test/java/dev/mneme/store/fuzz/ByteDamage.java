package dev.mneme.store.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/** Damages bytes, whatever they mean: one to four times over. */
public final class ByteDamage {

  /** No input is larger, so that time goes into many of them. */
  static final int MOST_BYTES = 1 << 16;

  /** Where a reader's arithmetic may go wrong; some more are drawn near the file's length. */
  private static final List<Long> AWKWARD =
      List.of(
          0L,
          1L,
          2L,
          -1L,
          0x7FL,
          0x80L,
          0xFFL,
          0x100L,
          0xFFFFL,
          0x1_0000L,
          1L << 20,
          (1L << 24) + 1,
          (1L << 31) - 1,
          1L << 31,
          (1L << 31) + 1,
          (1L << 32) - 1,
          1L << 32,
          1L << 40,
          (1L << 61) - 1,
          1L << 62,
          Long.MAX_VALUE - 7,
          Long.MAX_VALUE,
          Long.MIN_VALUE,
          Long.MIN_VALUE + 1);

  private static final int LONGEST_SLICE = 512;

  private final Draw draw;
  private final List<byte[]> seeds;

  /**
   * Damage to one of these files.
   *
   * @param seeds parts of any may appear in the result
   */
  public ByteDamage(Draw draw, List<byte[]> seeds) {
    this.draw = draw;
    this.seeds = seeds;
  }

  /** A damaged file. */
  public byte[] apply() {
    return apply(draw.of(seeds));
  }

  /** A damaged copy of this file. */
  public byte[] apply(byte[] file) {
    byte[] bytes = file.clone();
    for (int times = draw.length(4); times > 0; times--) {
      bytes = once(bytes);
    }
    return bytes.length > MOST_BYTES ? Arrays.copyOf(bytes, MOST_BYTES) : bytes;
  }

  private byte[] once(byte[] bytes) {
    if (bytes.length == 0) {
      return random(draw.length(16));
    }
    int at = draw.below(bytes.length);
    switch (draw.below(12)) {
      case 0, 1 -> bytes[at] ^= (byte) (1 << draw.below(8));
      case 2 -> bytes[at] = (byte) draw.bits();
      case 3, 4 -> putAwkward(bytes, Integer.BYTES);
      case 5, 6 -> putAwkward(bytes, Long.BYTES);
      case 7 -> {
        return replaced(bytes, at, 0, random(draw.length(32)));
      }
      case 8 -> {
        return replaced(bytes, at, Math.min(draw.length(64), bytes.length - at), new byte[0]);
      }
      case 9 -> {
        return replaced(bytes, at, 0, slice(bytes));
      }
      case 10 -> {
        byte[] other = slice(draw.of(seeds));
        int covered = draw.oneIn(2) ? 0 : Math.min(other.length, bytes.length - at);
        return replaced(bytes, at, covered, other);
      }
      default -> {
        return draw.oneIn(2)
            ? Arrays.copyOf(bytes, at)
            : replaced(bytes, bytes.length, 0, random(draw.length(64)));
      }
    }
    return bytes;
  }

  private void putAwkward(byte[] bytes, int width) {
    if (bytes.length < width) {
      return;
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int at = draw.below(bytes.length - width + 1);
    long value = draw.oneIn(3) ? bytes.length + (long) draw.below(129) - 64 - at : draw.of(AWKWARD);
    if (width == Long.BYTES) {
      buffer.putLong(at, value);
    } else {
      buffer.putInt(at, (int) value);
    }
  }

  private byte[] slice(byte[] bytes) {
    int length = Math.min(draw.length(LONGEST_SLICE), bytes.length);
    int from = draw.below(bytes.length - length + 1);
    return Arrays.copyOfRange(bytes, from, from + length);
  }

  private byte[] random(int length) {
    byte[] bytes = new byte[length];
    boolean zeros = draw.oneIn(4);
    for (int i = 0; i < length && !zeros; i++) {
      bytes[i] = (byte) draw.bits();
    }
    return bytes;
  }

  private static byte[] replaced(byte[] bytes, int at, int covered, byte[] by) {
    return ByteBuffer.allocate(bytes.length - covered + by.length)
        .put(bytes, 0, at)
        .put(by)
        .put(bytes, at + covered, bytes.length - at - covered)
        .array();
  }
}
