package dev.mneme.benchmarks;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Damages the bytes of a file: equal seeds damage equally. Most of it meets the first part of the
 * file, where a reader takes bytes for lengths, types and counts.
 */
final class Damage {

  /** Numbers at which a reader's arithmetic may go wrong. */
  private static final long[] AWKWARD = {
    0,
    1,
    2,
    3,
    7,
    31,
    127,
    128,
    255,
    256,
    512,
    513,
    65_535,
    65_536,
    1L << 20,
    Integer.MAX_VALUE,
    1L << 31,
    0xFFFF_FFFFL,
    1L << 32,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    -1,
    0x7FC0_0000L,
    0x8000_0000L
  };

  private static final double IN_FRONT = 0.8;

  private final SplittableRandom random;
  private final int front;

  private Damage(long seed, int front) {
    this.random = new SplittableRandom(seed);
    this.front = front;
  }

  /**
   * A damaged copy.
   *
   * @param front bytes before the tensors' data
   */
  static byte[] of(byte[] file, int front, long seed) {
    return new Damage(seed, front).apply(file);
  }

  private byte[] apply(byte[] file) {
    byte[] bytes = file.clone();
    switch (random.nextInt(16)) {
      case 0, 1, 2, 3, 4, 5, 6 -> flip(bytes);
      case 7 -> {
        for (int count = random.nextInt(2, 9); count > 0; count--) {
          flip(bytes);
        }
      }
      case 8, 9 -> bytes[place(bytes, 1)] = (byte) random.nextInt();
      case 10, 11 -> awkward(bytes, Integer.BYTES);
      case 12 -> awkward(bytes, Long.BYTES);
      case 13 -> copyWithin(bytes);
      case 14 -> {
        return Arrays.copyOf(bytes, place(bytes, 1));
      }
      default -> {
        return remove(bytes);
      }
    }
    return bytes;
  }

  private int place(byte[] bytes, int room) {
    int end = random.nextDouble() < IN_FRONT ? Math.min(front, bytes.length) : bytes.length;
    return random.nextInt(Math.max(1, end - room));
  }

  private void flip(byte[] bytes) {
    bytes[place(bytes, 1)] ^= (byte) (1 << random.nextInt(8));
  }

  private void awkward(byte[] bytes, int width) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int at = place(bytes, Long.BYTES);
    long value = AWKWARD[random.nextInt(AWKWARD.length)];
    if (width == Long.BYTES) {
      buffer.putLong(at, value);
    } else {
      buffer.putInt(at, (int) value);
    }
  }

  private void copyWithin(byte[] bytes) {
    int length = random.nextInt(1, 64);
    System.arraycopy(bytes, place(bytes, length), bytes, place(bytes, length), length);
  }

  private byte[] remove(byte[] bytes) {
    int length = random.nextInt(1, 64);
    int at = place(bytes, length);
    byte[] shorter = Arrays.copyOf(bytes, bytes.length - length);
    System.arraycopy(bytes, at + length, shorter, at, bytes.length - at - length);
    return shorter;
  }
}
