package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.mneme.FloatRows;
import dev.mneme.NativeLibraryException;
import dev.mneme.Tap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The activations of a session's last batch at its taps: one row for each row of logits. llama.cpp
 * computes a batch in micro-batches; most tensors of one have a row for each of its tokens, those
 * after the last attention only for tokens with logits. Used by the session's thread; others may
 * read the rows. Owns native memory.
 */
final class SessionTaps implements AutoCloseable {

  private static final int GGML_TYPE_F32 = 0;

  private final LlamaLibrary library;
  private final Map<Tap, Integer> indices = new HashMap<>();
  private final Place[] places;
  private final TapCallback.Installed callback;
  private final Arena arena = Arena.ofShared();
  private final int microBatch;
  private final long typeOffset;
  private final long rowLengthOffset;
  private final long rowsOffset;
  private final long strideOffset;
  private int tokens;
  private int first;

  /** One tensor's rows; the width is known when the first have come. */
  private static final class Place {
    private final String name;
    private MemorySegment rows = MemorySegment.NULL;
    private int width;
    private int passed;
    private int filled;

    private Place(String name) {
      this.name = name;
    }
  }

  /**
   * Taps of a session to be opened.
   *
   * @param blocks of the host
   * @param microBatch tokens of a whole micro-batch
   */
  SessionTaps(LlamaLibrary library, Set<Tap> taps, int blocks, int microBatch) {
    this.library = library;
    this.microBatch = microBatch;
    StructLayout tensor = Release.TENSOR;
    typeOffset = LlamaLibrary.offset(tensor, "type");
    rowLengthOffset = LlamaLibrary.offset(tensor, "ne");
    rowsOffset = rowLengthOffset + Long.BYTES;
    strideOffset = LlamaLibrary.offset(tensor, "nb") + Long.BYTES;
    List<String> names = taps.stream().map(tap -> tensorOf(tap, blocks)).distinct().toList();
    for (Tap tap : taps) {
      indices.put(tap, names.indexOf(tensorOf(tap, blocks)));
    }
    places = names.stream().map(Place::new).toArray(Place[]::new);
    callback = TapCallback.install(tensor, names.toArray(String[]::new), this::take, arena);
  }

  /** The tensor at a tap, as llama.cpp's graph builders name it. */
  static String tensorOf(Tap tap, int blocks) {
    return tap.point().label() + "-" + tap.blockOf(blocks);
  }

  /** What {@code cb_eval} is set to. */
  MemorySegment callback() {
    return callback.address();
  }

  /**
   * Prepares for a batch.
   *
   * @param first the first of its tokens with logits; their number if none has
   */
  void begin(int tokens, int first) {
    callback.callback().takeFailure(); // of a batch that failed before it was looked at
    this.tokens = tokens;
    this.first = first;
    for (Place place : places) {
      place.passed = 0;
      place.filled = 0;
    }
  }

  /**
   * Looks at what the batch left.
   *
   * @throws NativeLibraryException if a tensor did not come as it should
   */
  void end() {
    RuntimeException failure = callback.callback().takeFailure();
    if (failure != null) {
      throw failure;
    }
    for (Place place : places) {
      if (place.filled != tokens - first) {
        throw new NativeLibraryException(
            "llama.cpp gave %d rows of %s, expected %d"
                .formatted(place.filled, place.name, tokens - first));
      }
    }
  }

  /** How wide each tensor was that came in the last batch, by name. */
  Map<String, Integer> widths() {
    return Arrays.stream(places)
        .filter(place -> place.filled > 0)
        .collect(Collectors.toMap(place -> place.name, place -> place.width));
  }

  private void take(int index, MemorySegment tensor) {
    Place place = places[index];
    int count = Math.min(microBatch, tokens - place.passed);
    int wanted = Math.max(0, place.passed + count - Math.max(first, place.passed));
    int width = Math.toIntExact(tensor.get(JAVA_LONG, rowLengthOffset));
    long rows = tensor.get(JAVA_LONG, rowsOffset);
    long rowBytes = (long) width * Float.BYTES;
    boolean packed = rows < 2 || tensor.get(JAVA_LONG, strideOffset) == rowBytes;
    int type = tensor.get(JAVA_INT, typeOffset);
    if (type != GGML_TYPE_F32 || !packed || (rows != count && rows != wanted)) {
      throw new NativeLibraryException(
          "llama.cpp gave %d rows of type %d for %s, expected %d or %d rows of floats without gaps"
              .formatted(rows, type, place.name, wanted, count));
    }
    if (wanted > 0) {
      place.width = width;
      grow(place, (tokens - first) * rowBytes);
      library.readTensor(
          tensor,
          (rows - wanted) * rowBytes,
          place.rows.asSlice(place.filled * rowBytes, wanted * rowBytes));
    }
    place.passed += count;
    place.filled += wanted;
  }

  private void grow(Place place, long bytes) {
    if (place.rows.byteSize() < bytes) {
      MemorySegment larger = arena.allocate(Math.max(bytes, 2 * place.rows.byteSize()), Long.BYTES);
      place.rows = larger.copyFrom(place.rows);
    }
  }

  /** The rows at a tap of the last batch, valid until the next. */
  FloatRows rows(Tap tap) {
    Integer index = indices.get(tap);
    if (index == null) {
      throw new IllegalArgumentException(
          "this session was opened without a tap at %s; its taps: %s"
              .formatted(tap, indices.keySet()));
    }
    Place place = places[index];
    long bytes = (long) place.filled * place.width * JAVA_FLOAT.byteSize();
    return new FloatRows(place.rows.asSlice(0, bytes), place.filled, place.width);
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
