package dev.mneme.djl;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.mneme.ClosedException;
import dev.mneme.MnemeException;
import dev.mneme.Tap;
import dev.mneme.djl.internal.Script;
import dev.mneme.djl.internal.Torch;
import dev.mneme.store.UnchangedFile;
import dev.mneme.store.hf.HuggingFaceConfig;
import dev.mneme.store.hf.HuggingFaceModel;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * A decoder's weights on PyTorch: what a host and a Memory Decoder have in common. Safe for several
 * threads; owns native memory until closed, which it refuses while sessions are open.
 */
final class TorchDecoder implements AutoCloseable {

  /** A session's context where the caller names none: long-context models would take gigabytes. */
  private static final int DEFAULT_CONTEXT = 4096;

  /** A Java buffer counts its bytes in an int. */
  private static final long LARGEST_BUFFER = Integer.MAX_VALUE;

  /** Below this many bytes threads cost more at their barriers than they save. */
  private static final long WORTH_THREADS = 64L << 20;

  private final Path directory;
  private final HuggingFaceConfig config;
  private final TorchOptions options;
  private final WeightPrecision precision;
  private final int contextLength;
  private final HuggingFaceModel model;
  private final List<UnchangedFile> mapped;
  private final Script script;
  private final InferenceWeights weights;
  private final PtNDManager manager;
  private final Tables tables;
  private int openSessions;
  private boolean closed;

  /** What every call of the script takes besides a session's own. */
  record Tables(IValue columns, IValue cos, IValue sin, IValue weights) implements AutoCloseable {
    @Override
    public void close() {
      columns.close();
      cos.close();
      sin.close();
      weights.close();
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
    } catch (RuntimeException e) {
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
    precision = options.precision().orElseGet(() -> storedPrecision(model));
    var slots = WeightSlots.of(model, precision);
    script = new Script(InferenceScript.CLASS, InferenceScript.of(config, slots, precision));
    try {
      weights = InferenceWeights.read(model, slots, precision, script, LARGEST_BUFFER);
    } catch (RuntimeException e) {
      script.close();
      throw e;
    }
    mapped =
        weights.mapped()
            ? model.tensors().files().stream().map(UnchangedFile::new).toList()
            : List.of();
    manager = Torch.newManager();
    tables = newTables();
  }

  private static WeightPrecision storedPrecision(HuggingFaceModel model) {
    return InferenceWeights.isStoredAsBfloat16(model)
        ? WeightPrecision.BFLOAT16
        : WeightPrecision.FLOAT32;
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
        RotaryTable.of(contextLength, config.rotaryDim(), config.ropeTheta(), config.ropeScaling());
    // The arrays stay with the manager: the engine's tensors do not keep their buffers themselves.
    Shape table = new Shape(turns.positions(), turns.pairs());
    return new Tables(
        IValue.from(
            manager.create(LongBuffer.wrap(columns), new Shape(columns.length), DataType.INT64)),
        IValue.from(manager.create(FloatBuffer.wrap(turns.cos()), table, DataType.FLOAT32)),
        IValue.from(manager.create(FloatBuffer.wrap(turns.sin()), table, DataType.FLOAT32)),
        Script.list(weights.tensors()));
  }

  Path directory() {
    return directory;
  }

  HuggingFaceModel model() {
    return model;
  }

  Script script() {
    return script;
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
        IValue heads = IValue.from((long) config.kvHeads());
        IValue capacity = IValue.from((long) contextLength);
        IValue dim = IValue.from((long) config.headDim());
        IValue code = IValue.from((long) precision.products())) {
      return script.run("cache", tables.cos(), layers, heads, capacity, dim, code);
    }
  }

  /** A session of the calling thread. */
  TorchDecoderSession openSession(int threads, Set<Tap> taps) {
    if (threads < 1) {
      throw new IllegalArgumentException("a session needs at least 1 thread, not " + threads);
    }
    for (Tap tap : taps) {
      if (!tap.isIn(config.layers())) {
        throw new IllegalArgumentException(
            "%s (%d blocks) has no activations at %s".formatted(directory, config.layers(), tap));
      }
    }
    synchronized (this) {
      if (closed) {
        throw new ClosedException(directory + " is closed");
      }
      openSessions++;
    }
    try {
      Torch.prepareInference(sessionThreads(threads));
      return new TorchDecoderSession(this, Math.min(options.batchSize(), contextLength), taps);
    } catch (RuntimeException e) {
      sessionClosed();
      throw e;
    }
  }

  private int sessionThreads(int asked) {
    if (options.threads() > 0) {
      return options.threads();
    }
    return bytes() < WORTH_THREADS ? 1 : asked;
  }

  private long bytes() {
    return model.tensors().tensors().values().stream()
        .mapToLong(tensor -> tensor.end() - tensor.begin())
        .sum();
  }

  /** Called before each use of mapped weights. */
  void requireUnchangedFiles() {
    mapped.forEach(UnchangedFile::require);
  }

  synchronized void sessionClosed() {
    openSessions--;
  }

  /**
   * Frees the weights.
   *
   * @throws IllegalStateException while sessions are open
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    if (openSessions > 0) {
      throw new IllegalStateException(
          "%d sessions of %s are still open; close them first".formatted(openSessions, directory));
    }
    closed = true;
    tables.close();
    weights.close();
    script.close();
    manager.close();
    model.close();
  }
}
