package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * llama.cpp's evaluation callback: asked of every tensor of a graph whether it is wanted, and told
 * when a wanted one has been computed. Names are compared as two longs, since there are hundreds of
 * tensors a token. It runs on the thread that decodes; no exception may leave it, so the first is
 * kept for after the decode.
 */
final class TapCallback {

  /** What is done with a tensor that was computed. */
  interface Consumer {

    /**
     * Takes a tensor.
     *
     * @param index of its name among the names asked for
     * @param tensor the whole struct
     */
    void accept(int index, MemorySegment tensor);
  }

  private static final int NAME_BYTES = 16;

  private final long nameOffset;
  private final long[] low;
  private final long[] high;
  private final long[] lowMask;
  private final long[] highMask;
  private final Consumer consumer;
  private @Nullable RuntimeException failure;

  private TapCallback(StructLayout tensor, String[] names, Consumer consumer) {
    this.consumer = consumer;
    nameOffset = LlamaLibrary.offset(tensor, "name");
    low = new long[names.length];
    high = new long[names.length];
    lowMask = new long[names.length];
    highMask = new long[names.length];
    for (int i = 0; i < names.length; i++) {
      byte[] bytes = names[i].getBytes(StandardCharsets.US_ASCII);
      if (bytes.length >= NAME_BYTES) {
        throw new IllegalArgumentException("too long for a tensor of a graph: " + names[i]);
      }
      ByteBuffer name = ByteBuffer.wrap(Arrays.copyOf(bytes, NAME_BYTES));
      // The zero that ends the name counts; what an earlier, longer name left after it does not.
      byte[] compared = new byte[NAME_BYTES];
      Arrays.fill(compared, 0, bytes.length + 1, (byte) -1);
      ByteBuffer mask = ByteBuffer.wrap(compared);
      low[i] = name.order(ByteOrder.nativeOrder()).getLong(0);
      high[i] = name.getLong(Long.BYTES);
      lowMask[i] = mask.order(ByteOrder.nativeOrder()).getLong(0);
      highMask[i] = mask.getLong(Long.BYTES);
    }
  }

  /** A callback and the address llama.cpp calls it at, which lives as long as the arena. */
  record Installed(TapCallback callback, MemorySegment address) {}

  /**
   * Makes a callback.
   *
   * @param tensor layout of the struct it is given
   * @param names tensors wanted, each shorter than 16 bytes
   */
  static Installed install(StructLayout tensor, String[] names, Consumer consumer, Arena arena) {
    var callback = new TapCallback(tensor, names, consumer);
    try {
      var handle =
          MethodHandles.lookup()
              .findVirtual(
                  TapCallback.class,
                  "called",
                  MethodType.methodType(
                      boolean.class, MemorySegment.class, boolean.class, MemorySegment.class))
              .bindTo(callback);
      MemoryLayout struct = tensor;
      MemorySegment address =
          Linker.nativeLinker()
              .upcallStub(
                  handle,
                  FunctionDescriptor.of(
                      JAVA_BOOLEAN, ADDRESS.withTargetLayout(struct), JAVA_BOOLEAN, ADDRESS),
                  arena);
      return new Installed(callback, address);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  /** {@code (tensor, ask, user data)}: whether it is wanted, or whether to go on. */
  @SuppressWarnings({"unused", "CatchingUnchecked"}) // called from native code
  private boolean called(MemorySegment tensor, boolean ask, MemorySegment userData) {
    try {
      int index = indexOf(tensor);
      if (ask) {
        return index >= 0;
      }
      consumer.accept(index, tensor);
    } catch (RuntimeException e) {
      if (failure == null) {
        failure = e;
      }
    } catch (Throwable e) {
      failure = new IllegalStateException("reading an activation failed", e);
    }
    return true;
  }

  private int indexOf(MemorySegment tensor) {
    long first = tensor.get(JAVA_LONG, nameOffset);
    for (int i = 0; i < low.length; i++) {
      if ((first & lowMask[i]) == low[i]
          && (tensor.get(JAVA_LONG, nameOffset + Long.BYTES) & highMask[i]) == high[i]) {
        return i;
      }
    }
    return -1;
  }

  /** The first failure since the last call of this, which is then forgotten. */
  @Nullable RuntimeException takeFailure() {
    RuntimeException found = failure;
    failure = null;
    return found;
  }
}
