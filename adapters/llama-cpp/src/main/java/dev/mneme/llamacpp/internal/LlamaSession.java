package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.mneme.EngineSession;
import dev.mneme.FloatRows;
import dev.mneme.HostSession;
import dev.mneme.MemorySession;
import dev.mneme.MnemeException;
import dev.mneme.NativeLibraryException;
import dev.mneme.Rows;
import dev.mneme.Tap;
import dev.mneme.llamacpp.CacheType;
import dev.mneme.llamacpp.FlashAttention;
import dev.mneme.llamacpp.LlamaCppOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * One {@code llama_context}: a sequence with its key-value cache, for host and memory alike. The
 * batch's arrays are allocated once; logits are read where llama.cpp left them, activations are
 * copied while the graph runs, because its memory is used again.
 */
public final class LlamaSession extends EngineSession implements HostSession, MemorySession {

  private static final int GGML_TYPE_F32 = 0;
  private static final int GGML_TYPE_F16 = 1;
  private static final int LARGEST_MICRO_BATCH = 512;
  private static final int CACHE_FULL = 1;
  private static final int CACHE_FULL_OF_OLD = -3; // b4916, whose header says 1

  private final LlamaLibrary library;
  private final LlamaModel model;
  private final Arena arena = Arena.ofConfined();
  private final Arena readable = Arena.ofShared(); // logits, by any thread until this is closed
  private final @Nullable SessionTaps taps;
  private final int threads;
  private final MemorySegment context;
  private final MemorySegment batch;
  private final MemorySegment tokens;
  private final MemorySegment positions;
  private final MemorySegment wanted;
  private final long tokenCountOffset;

  LlamaSession(
      LlamaLibrary library,
      LlamaModel model,
      MemorySegment weights,
      LlamaCppOptions options,
      int contextLength,
      int threads,
      @Nullable SessionTaps taps) {
    super(
        String.valueOf(model.file().path()),
        contextLength,
        maxBatch(options, contextLength),
        model.width());
    int maxBatch = maxBatch(options, contextLength);
    this.library = library;
    this.model = model;
    this.taps = taps;
    this.threads = threads;
    try {
      context = library.initContext(weights, contextParams(options, contextLength, maxBatch));
      if (context.equals(MemorySegment.NULL)) {
        throw new MnemeException(
            "llama.cpp cannot make a session of %d tokens for %s (is there enough memory?): %s"
                .formatted(contextLength, model.file().path(), library.complaints()));
      }
    } catch (RuntimeException e) {
      readable.close();
      arena.close();
      throw e;
    }
    tokens = arena.allocate(JAVA_INT, maxBatch);
    positions = arena.allocate(JAVA_INT, maxBatch);
    wanted = arena.allocate(JAVA_BYTE, maxBatch);
    batch = allocateBatch(maxBatch);
    tokenCountOffset = LlamaLibrary.offset(Release.BATCH, "n_tokens");
  }

  static int maxBatch(LlamaCppOptions options, int contextLength) {
    return Math.min(options.batchSize(), contextLength);
  }

  static int microBatch(int maxBatch) {
    return Math.min(maxBatch, LARGEST_MICRO_BATCH);
  }

  private MemorySegment contextParams(LlamaCppOptions options, int capacity, int maxBatch) {
    MemorySegment params = library.contextDefaultParams(arena);
    ContextLayout layout = library.release().context();
    layout.setSizes(params, capacity, maxBatch, microBatch(maxBatch));
    layout.setCacheType(
        params, options.cacheType() == CacheType.F32 ? GGML_TYPE_F32 : GGML_TYPE_F16);
    boolean chosenByLibrary =
        options.flashAttention() == FlashAttention.AUTO && options.gpuLayers() > 0;
    if (!chosenByLibrary) {
      layout.setFlashAttention(params, options.flashAttention() == FlashAttention.ON);
    }
    if (taps != null) {
      layout.setCallback(params, taps.callback());
    }
    return params;
  }

  /** Every token belongs to sequence 0, so all share one one-element list of sequences. */
  private MemorySegment allocateBatch(int maxBatch) {
    MemorySegment sequence = arena.allocateFrom(JAVA_INT, 0);
    MemorySegment sequences = arena.allocate(ADDRESS, maxBatch);
    MemorySegment sequenceCounts = arena.allocate(JAVA_INT, maxBatch);
    for (int i = 0; i < maxBatch; i++) {
      sequences.setAtIndex(ADDRESS, i, sequence);
      sequenceCounts.setAtIndex(JAVA_INT, i, 1);
    }
    var layout = Release.BATCH;
    MemorySegment struct = arena.allocate(layout);
    struct.set(ADDRESS, LlamaLibrary.offset(layout, "token"), tokens);
    struct.set(ADDRESS, LlamaLibrary.offset(layout, "pos"), positions);
    struct.set(ADDRESS, LlamaLibrary.offset(layout, "n_seq_id"), sequenceCounts);
    struct.set(ADDRESS, LlamaLibrary.offset(layout, "seq_id"), sequences);
    struct.set(ADDRESS, LlamaLibrary.offset(layout, "logits"), wanted);
    return struct;
  }

  @Override
  public FloatRows forward(int[] ids, Rows rows) {
    return extend(ids, rows);
  }

  @Override
  public FloatRows activations(Tap tap) {
    requireUsable();
    if (taps == null) {
      throw new IllegalArgumentException(
          "this session was opened without taps, so there is nothing at " + tap);
    }
    FloatRows left = taps.rows(tap);
    return rows(left.segment(), left.count(), left.width());
  }

  @Override
  public FloatRows recall(int[] ids, FloatRows activations, Rows rows) {
    return extend(ids, rows);
  }

  /** Runs one token, whatever its graph leaves at the taps. */
  void probe() {
    extend(new int[] {0}, Rows.LAST, false);
  }

  private FloatRows extend(int[] ids, Rows rows) {
    return extend(ids, rows, true);
  }

  private FloatRows extend(int[] ids, Rows rows, boolean allTaps) {
    requireExtendable(ids); // ids out of range and batches too large would end the process
    model.requireUnchangedWeights();
    int past = past();
    int first = ids.length - rows.count(ids.length);
    for (int i = 0; i < ids.length; i++) {
      tokens.setAtIndex(JAVA_INT, i, ids[i]);
      positions.setAtIndex(JAVA_INT, i, past + i);
      wanted.set(JAVA_BYTE, i, (byte) (i >= first ? 1 : 0));
    }
    batch.set(JAVA_INT, tokenCountOffset, ids.length);
    if (taps != null) {
      taps.begin(ids.length, first);
    }
    int result =
        library.compute(
            ids.length,
            threads,
            model.threadChoice(),
            given -> library.decode(context, batch, given));
    if (result != 0) {
      library.removeFromCache(context, 0, past, -1);
      throw failure(result, ids.length);
    }
    if (taps == null || allTaps) {
      try {
        model.requireUnchangedWeights();
        if (taps != null) {
          taps.end();
        }
      } catch (RuntimeException e) {
        library.removeFromCache(context, 0, past, -1);
        throw e;
      }
    }
    extended(ids.length);
    return rows(first, ids.length - first);
  }

  private RuntimeException failure(int result, int count) {
    return result == CACHE_FULL || result == CACHE_FULL_OF_OLD
        ? overflow(count)
        : new NativeLibraryException(
            "llama_decode failed with %d: %s".formatted(result, library.complaints()));
  }

  /** Rows of one batch lie one after the other. */
  private FloatRows rows(int first, int count) {
    if (count == 0) {
      return rows(MemorySegment.NULL, 0, model.width());
    }
    MemorySegment address = library.logits(context, first);
    if (address.equals(MemorySegment.NULL)) {
      throw new NativeLibraryException("llama.cpp gave no logits: " + library.complaints());
    }
    long bytes = (long) count * model.width() * JAVA_FLOAT.byteSize();
    return rows(address.reinterpret(bytes, readable, null), count, model.width());
  }

  @Override
  protected void forget(int newLength) {
    if (!library.removeFromCache(context, 0, newLength, -1)) {
      throw new NativeLibraryException(
          "this model's cache cannot forget single tokens, which Mneme needs");
    }
  }

  @Override
  protected void release() {
    readable.close();
    library.freeContext(context);
    arena.close();
    if (taps != null) {
      taps.close();
    }
    model.contextClosed();
  }
}
