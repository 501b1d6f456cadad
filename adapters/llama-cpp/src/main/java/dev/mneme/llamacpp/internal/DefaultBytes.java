package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;

/**
 * What a function that returns a struct of defaults wrote, byte by byte: how the layout of a struct
 * is found out before it is passed by value.
 *
 * <p>A struct of more than 16 bytes is returned through a pointer to memory of the caller (System V
 * AMD64 ABI 3.2.3, AAPCS64 6.9, Microsoft x64), so the caller need not know its length. The
 * function is called twice over two patterns: a byte that differs was not written.
 */
final class DefaultBytes {

  private static final int CALLER_BYTES = 512;
  private static final int REACH = 64 << 10; // far past any struct there has been
  private static final byte[] PATTERNS = {(byte) 0xa5, 0x5a};

  private final ByteBuffer bytes;
  private final BitSet written;

  private DefaultBytes(byte[] bytes, BitSet written) {
    this.bytes = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    this.written = written;
  }

  /**
   * What two calls left.
   *
   * @param first after a call over one pattern
   * @param second after a call over another, whose every byte differs
   */
  static DefaultBytes of(byte[] first, byte[] second) {
    var written = new BitSet();
    for (int i = 0; i < first.length; i++) {
      written.set(i, first[i] == second[i]);
    }
    return new DefaultBytes(first, written);
  }

  /** Calls a function without arguments that returns a struct of more than 16 bytes. */
  static DefaultBytes read(MemorySegment function) {
    MemoryLayout larger = MemoryLayout.sequenceLayout(CALLER_BYTES / Long.BYTES, JAVA_LONG);
    var handle =
        Linker.nativeLinker()
            .downcallHandle(function, FunctionDescriptor.of(MemoryLayout.structLayout(larger)));
    byte[][] left = new byte[PATTERNS.length][];
    for (int i = 0; i < PATTERNS.length; i++) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment block = arena.allocate(REACH, Long.BYTES).fill(PATTERNS[i]);
        SegmentAllocator allocator = (_, _) -> block.asSlice(0, CALLER_BYTES);
        var _ = (MemorySegment) handle.invokeExact(allocator);
        left[i] = block.toArray(JAVA_BYTE);
      } catch (Throwable e) {
        throw LlamaLibrary.failed(e);
      }
    }
    return of(left[0], left[1]);
  }

  /** Bytes up to the last one written, rounded up to whole words: a struct's own length. */
  int length() {
    return (written.length() + Long.BYTES - 1) / Long.BYTES * Long.BYTES;
  }

  /** Whether the four bytes were written and are this number. */
  boolean isInt(int offset, int value) {
    return isWritten(offset, Integer.BYTES) && bytes.getInt(offset) == value;
  }

  /** Whether the byte was written and is a C bool of this value. */
  boolean isBool(int offset, boolean value) {
    return isWritten(offset, 1) && bytes.get(offset) == (value ? 1 : 0);
  }

  /** Whether a null pointer was written. */
  boolean isNull(int offset) {
    return isWritten(offset, Long.BYTES) && bytes.getLong(offset) == 0;
  }

  /** The offset of the first aligned int of this value, or -1. */
  int firstInt(int from, int value) {
    for (int offset = from; offset < written.length(); offset += Integer.BYTES) {
      if (isInt(offset, value)) {
        return offset;
      }
    }
    return -1;
  }

  private boolean isWritten(int offset, int length) {
    return written.nextClearBit(offset) >= offset + length;
  }
}
