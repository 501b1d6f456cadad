package dev.mneme.llamacpp.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Stream;

/**
 * The bytes a function of defaults wrote, and which it left alone. Immutable; to be changed byte by
 * byte into copies.
 */
final class StructImage {

  private static final int ROOM = 512;

  private final String name;
  private final byte[] bytes;
  private final BitSet written;

  private StructImage(String name, byte[] bytes, BitSet written) {
    this.name = name;
    this.bytes = bytes;
    this.written = written;
  }

  /**
   * Reads an image's notation.
   *
   * @param name whose bytes these are
   * @param extent the last byte that was written, and 1
   * @param holes offsets below it that were not, as {@code 28-31} or {@code 28}
   * @param values what is not zero: an int as {@code 4=2048}, a float as {@code 44=-1f}, a bool as
   *     {@code 57=true}
   */
  static StructImage of(String name, int extent, List<String> holes, List<String> values) {
    var bytes = new byte[ROOM];
    var written = new BitSet();
    written.set(0, extent);
    for (String hole : holes) {
      String[] ends = hole.split("-", -1);
      written.clear(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]) + 1);
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    for (String value : values) {
      String[] pair = value.split("=", -1);
      int offset = Integer.parseInt(pair[0]);
      if (pair[1].equals("true")) {
        buffer.put(offset, (byte) 1);
      } else if (pair[1].endsWith("f")) {
        buffer.putFloat(offset, Float.parseFloat(pair[1]));
      } else {
        buffer.putInt(offset, Integer.parseInt(pair[1]));
      }
    }
    return new StructImage(name, bytes, written);
  }

  /** As two calls over two patterns leave it. */
  DefaultBytes defaults() {
    return DefaultBytes.of(over((byte) 0x11), over((byte) 0xee));
  }

  private byte[] over(byte pattern) {
    byte[] copy = bytes.clone();
    for (int i = 0; i < copy.length; i++) {
      copy[i] = written.get(i) ? copy[i] : pattern;
    }
    return copy;
  }

  byte at(int offset) {
    return bytes[offset];
  }

  /** The same with another byte, which counts as written. */
  StructImage with(int offset, int value) {
    byte[] copy = bytes.clone();
    copy[offset] = (byte) value;
    var more = (BitSet) written.clone();
    more.set(offset);
    return new StructImage("%s with %d at %d".formatted(name, value & 0xff, offset), copy, more);
  }

  /** The same with another int. */
  StructImage withInt(int offset, int value) {
    byte[] four =
        ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(value).array();
    StructImage changed = this;
    for (int i = 0; i < four.length; i++) {
      changed = changed.with(offset + i, four[i]);
    }
    return changed;
  }

  /** The same with a byte left alone. */
  StructImage without(int offset) {
    var fewer = (BitSet) written.clone();
    fewer.clear(offset);
    return new StructImage("%s without %d".formatted(name, offset), bytes, fewer);
  }

  /** Its length in whole words of 8 bytes. */
  int length() {
    return (written.length() + 7) / 8 * 8;
  }

  /** Offsets that were not written: between members, and after the last up to a whole word. */
  List<Integer> padding() {
    return Stream.iterate(
            written.nextClearBit(0), i -> i < length(), i -> written.nextClearBit(i + 1))
        .toList();
  }

  /** The struct's bytes, with zeros in the padding. */
  byte[] toArray() {
    return Arrays.copyOf(bytes, length());
  }

  @Override
  public String toString() {
    return name;
  }
}
