package dev.mneme.djl;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.mneme.EngineSession;
import dev.mneme.FloatRows;
import dev.mneme.HostSession;
import dev.mneme.MemorySession;
import dev.mneme.Rows;
import dev.mneme.Tap;
import dev.mneme.djl.internal.Torch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A sequence on PyTorch with its keys and values, for host and memory alike. Ids, logits and
 * activations pass through memory that script and Java share, so that a token costs one call and
 * almost no objects.
 */
final class TorchDecoderSession extends EngineSession implements HostSession, MemorySession {

  private final TorchDecoder decoder;
  private final Set<Tap> taps;
  private final PtNDManager manager = Torch.newProcessorManager();
  private final IValue cache;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment ids;
  private final IValue idTensor;
  private Outputs outputs;
  private int rows;

  TorchDecoderSession(TorchDecoder decoder, int maxBatch, Set<Tap> taps) {
    super(
        String.valueOf(decoder.directory()),
        decoder.contextLength(),
        Math.min(maxBatch, SharedRows.mostRows(decoder.width())),
        decoder.width());
    this.decoder = decoder;
    this.taps = Set.copyOf(taps);
    cache = decoder.newCache();
    ids = arena.allocate(ValueLayout.JAVA_LONG, maxBatch);
    try (PtNDArray tensor =
        manager.create(ids.asByteBuffer(), new Shape(maxBatch), DataType.INT64)) {
      idTensor = IValue.from(tensor);
    }
    outputs = new Outputs(1);
  }

  /** Where the script leaves logits and activations of up to so many rows. */
  private final class Outputs implements AutoCloseable {

    private final Map<Integer, SharedRows> activations = new HashMap<>();
    private final SharedRows logits;
    private final IValue logitTensor;
    private final IValue tapTensors;

    Outputs(int capacity) {
      logits = new SharedRows(manager, capacity, decoder.width());
      logitTensor = IValue.from(logits.tensor());
      for (Tap tap : taps) {
        activations.computeIfAbsent(
            place(tap), _ -> new SharedRows(manager, capacity, decoder.hidden()));
      }
      try (PtNDArray none = manager.create(new Shape(0), DataType.FLOAT32)) {
        var tensors = new PtNDArray[2 * decoder.blocks()];
        for (int i = 0; i < tensors.length; i++) {
          SharedRows wanted = activations.get(i);
          tensors[i] = wanted == null ? none : wanted.tensor();
        }
        tapTensors = IValue.listFrom(tensors);
      }
    }

    @Override
    public void close() {
      logitTensor.close();
      tapTensors.close();
      logits.close();
      activations.values().forEach(SharedRows::close);
    }
  }

  /** The script's number of a tap: two for each block. */
  private int place(Tap tap) {
    int point =
        switch (tap.point()) {
          case FEED_FORWARD_INPUT -> 0;
          case BLOCK_OUTPUT -> 1;
        };
    return 2 * tap.blockOf(decoder.blocks()) + point;
  }

  @Override
  public FloatRows forward(int[] tokens, Rows wanted) {
    requireExtendable(tokens);
    int count = wanted.count(tokens.length);
    if (count > outputs.logits.capacity()) {
      var larger = new Outputs(count);
      outputs.close();
      outputs = larger;
    }
    rows = count;
    for (int i = 0; i < tokens.length; i++) {
      ids.setAtIndex(ValueLayout.JAVA_LONG, i, tokens[i]);
    }
    run(tokens.length);
    extended(tokens.length);
    return readable(outputs.logits);
  }

  /** Leaves logits and activations in {@link #outputs}. */
  private void run(int tokens) {
    TorchDecoder.Tables tables = decoder.tables();
    try (IValue n = IValue.from((long) tokens);
        IValue past = IValue.from((long) past());
        IValue count = IValue.from((long) rows)) {
      decoder
          .network()
          .script()
          .run(
              "forward",
              n,
              past,
              count,
              idTensor,
              tables.columns(),
              tables.cos(),
              tables.sin(),
              cache,
              outputs.tapTensors,
              outputs.logitTensor,
              decoder.network().weights())
          .close();
    }
  }

  @Override
  public FloatRows recall(int[] tokens, FloatRows activations, Rows wanted) {
    return forward(tokens, wanted);
  }

  @Override
  public FloatRows activations(Tap tap) {
    requireUsable();
    @Nullable SharedRows values = taps.contains(tap) ? outputs.activations.get(place(tap)) : null;
    if (values == null) {
      throw new IllegalArgumentException(
          "this session was opened with taps %s, so there is nothing at %s".formatted(taps, tap));
    }
    return readable(values);
  }

  private FloatRows readable(SharedRows values) {
    return rows(values.read(rows), rows, values.width());
  }

  @Override
  protected void forget(int newLength) {
    // What lies behind is written over.
  }

  @Override
  protected void release() {
    try {
      outputs.close();
      idTensor.close();
      cache.close();
      manager.close();
      arena.close();
    } finally {
      decoder.network().sessionClosed();
    }
  }
}
