package dev.mneme.djl;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.mneme.MnemeException;
import dev.mneme.Tap;
import dev.mneme.djl.internal.Torch;
import dev.mneme.store.hf.HuggingFaceConfig;
import dev.mneme.store.hf.HuggingFaceModel;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * A decoder's weights on PyTorch: what a host and a Memory Decoder have in common. Safe for several
 * threads; owns native memory until closed, which it refuses while sessions are open.
 */
final class TorchDecoder implements AutoCloseable {

  /** A session's context where the caller names none: long-context models would take gigabytes. */
  private static final int DEFAULT_CONTEXT = 4096;

  private final Path directory;
  private final HuggingFaceConfig config;
  private final TorchOptions options;
  private final WeightPrecision precision;
  private final int contextLength;
  private final HuggingFaceModel model;
  private final LoadedNetwork network;
  private final PtNDManager manager;
  private final Tables tables;
  private boolean closed;

  /** What every call of the script takes besides a session's own. */
  record Tables(IValue columns, IValue cos, IValue sin) implements AutoCloseable {
    @Override
    public void close() {
      columns.close();
      cos.close();
      sin.close();
    }
  }

  /**
   * Opens a Hugging Face folder.
   *
   * @throws dev.mneme.MalformedFileException if a file breaks its format, or a weight is not finite
   * @throws MnemeException if one is missing or the model is of an unsupported family
   * @throws dev.mneme.NativeLibraryException if PyTorch cannot be loaded
   * @throws IllegalArgumentException for a context longer than the model was trained for
   */
  static TorchDecoder open(Path directory, TorchOptions options) {
    HuggingFaceModel model = HuggingFaceModel.open(directory);
    try {
      return new TorchDecoder(model, options);
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  private TorchDecoder(HuggingFaceModel model, TorchOptions options) {
    this.model = model;
    this.options = options;
    directory = model.directory();
    config = model.config();
    contextLength = contextLength(options.contextLength());
    precision =
        options
            .precision()
            .orElseGet(
                () ->
                    InferenceWeights.storedPrecision(
                        model.tensors(), model.tensorsByPart().values()));
    var slots = WeightSlots.of(model, precision);
    String code = DecoderInferenceScript.of(config.shape(), slots, precision);
    network = new LoadedNetwork(directory, model.tensors(), slots, precision, code);
    manager = Torch.newManager();
    tables = newTables();
  }

  private int contextLength(int asked) {
    if (asked > config.context()) {
      throw new IllegalArgumentException(
          "%s was trained for a context of %d, so a context of %d would give nonsense"
              .formatted(directory, config.context(), asked));
    }
    return asked == 0 ? Math.min(config.context(), DEFAULT_CONTEXT) : asked;
  }

  private Tables newTables() {
    long[] columns = LongStream.range(0, contextLength).toArray();
    RotaryTable turns =
        config
            .shape()
            .rotary()
            .map(rotary -> RotaryTable.of(contextLength, rotary))
            .orElseGet(() -> RotaryTable.none(contextLength));
    // The arrays stay with the manager: the engine's tensors do not keep their buffers themselves.
    Shape table = new Shape(turns.positions(), turns.pairs());
    return new Tables(
        IValue.from(
            manager.create(LongBuffer.wrap(columns), new Shape(columns.length), DataType.INT64)),
        IValue.from(manager.create(FloatBuffer.wrap(turns.cos()), table, DataType.FLOAT32)),
        IValue.from(manager.create(FloatBuffer.wrap(turns.sin()), table, DataType.FLOAT32)));
  }

  Path directory() {
    return directory;
  }

  HuggingFaceModel model() {
    return model;
  }

  LoadedNetwork network() {
    return network;
  }

  Tables tables() {
    return tables;
  }

  int contextLength() {
    return contextLength;
  }

  /** Floats in a row of logits. */
  int width() {
    return config.vocabulary();
  }

  int blocks() {
    return config.layers();
  }

  int hidden() {
    return config.hidden();
  }

  /** Empty keys and values of a session, two tensors a block; the caller closes them. */
  IValue newCache() {
    try (IValue layers = IValue.from((long) config.layers());
        IValue heads = IValue.from((long) config.shape().attention().heads().keyValues());
        IValue capacity = IValue.from((long) contextLength);
        IValue dim = IValue.from((long) config.shape().attention().heads().width());
        IValue code = IValue.from((long) precision.products())) {
      return network.script().run("cache", tables.cos(), layers, heads, capacity, dim, code);
    }
  }

  /** A session of the calling thread. */
  TorchDecoderSession openSession(int threads, Set<Tap> taps) {
    for (Tap tap : taps) {
      if (!tap.isIn(config.layers())) {
        throw new IllegalArgumentException(
            "%s (%d blocks) has no activations at %s".formatted(directory, config.layers(), tap));
      }
    }
    network.openSession(threads, options.threads());
    try {
      return new TorchDecoderSession(this, Math.min(options.batchSize(), contextLength), taps);
    } catch (RuntimeException | Error e) {
      network.sessionClosed();
      throw e;
    }
  }

  /** Whether the weights have been freed. */
  synchronized boolean isClosed() {
    return closed;
  }

  /**
   * Frees the weights.
   *
   * @throws IllegalStateException while sessions are open
   */
  @Override
  public synchronized void close() {
    if (!closed) {
      network.close();
      closed = true;
      tables.close();
      manager.close();
      model.close();
    }
  }
}
