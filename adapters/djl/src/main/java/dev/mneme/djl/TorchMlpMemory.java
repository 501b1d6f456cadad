package dev.mneme.djl;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.mneme.ClosedException;
import dev.mneme.FloatRows;
import dev.mneme.MalformedFileException;
import dev.mneme.MemoryModule;
import dev.mneme.MemorySession;
import dev.mneme.MnemeException;
import dev.mneme.NativeLibraryException;
import dev.mneme.TappedHost;
import dev.mneme.Vocabulary;
import dev.mneme.djl.internal.Script;
import dev.mneme.djl.internal.Torch;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackKind;
import dev.mneme.store.hf.MlpModel;
import dev.mneme.store.hf.MlpShape;
import java.lang.foreign.ValueLayout;
import java.nio.FloatBuffer;
import java.util.Optional;

/**
 * The MLP Memory of a pack (arXiv 2508.01832) on PyTorch. Sessions share its weights and may run at
 * the same time, each on its own thread; they keep nothing but their length, so a context has no
 * end. Owns native memory.
 */
public final class TorchMlpMemory implements MemoryModule {

  private final MemoryPack pack;
  private final TappedHost reads;
  private final MlpShape shape;
  private final Script script;
  private final IValue weights;
  private volatile boolean closed;

  private TorchMlpMemory(MemoryPack pack, TappedHost reads, MlpModel model, boolean bfloat16) {
    this.pack = pack;
    this.reads = reads;
    this.shape = model.shape();
    NetworkWeights read = NetworkWeights.read(MlpWeights.layout(shape), model.tensors());
    try (read;
        IValue wide = Script.list(read.tensors())) {
      String text =
          MlpScript.of(shape, NetworkScript.Precision.of(bfloat16), NetworkScript.HEAD_CHUNK);
      script = new Script(MlpScript.CLASS, text);
      try {
        weights = script.run("cast", wide); // copies: what was read goes with its buffers
      } catch (RuntimeException e) {
        script.close();
        throw e;
      }
    }
  }

  /**
   * Opens a pack's memory, computing in 32 bits.
   *
   * @throws MalformedFileException if a file breaks its format or a weight is not finite; names the
   *     tensor
   * @throws MnemeException if the pack holds another kind of memory
   * @throws NativeLibraryException if PyTorch cannot be loaded
   */
  public static TorchMlpMemory open(MemoryPack pack) {
    return open(pack, /* bfloat16= */ false);
  }

  /**
   * As {@link #open(MemoryPack)}, with a choice of numbers.
   *
   * @param bfloat16 whether matrices are kept and multiplied in bfloat16, which takes half the
   *     memory; {@link Processor#multipliesBfloat16} says whether that is fast here
   */
  public static TorchMlpMemory open(MemoryPack pack, boolean bfloat16) {
    if (!(pack.kind() instanceof PackKind.MlpMemory(TappedHost reads))) {
      throw new MnemeException(
          "the pack %s holds a %s, not an mlp-memory, which alone runs here"
              .formatted(pack.name(), pack.kind().label()));
    }
    try (MlpModel model = MlpModel.open(pack.directory())) {
      return new TorchMlpMemory(pack, reads, model, bfloat16);
    }
  }

  @Override
  public String name() {
    return pack.name();
  }

  @Override
  public String digest() {
    return pack.digest();
  }

  @Override
  public Vocabulary vocabulary() {
    return pack.vocabulary();
  }

  @Override
  public int logitWidth() {
    return shape.vocabulary();
  }

  @Override
  public int contextLength() {
    return Integer.MAX_VALUE;
  }

  @Override
  public Optional<TappedHost> reads() {
    return Optional.of(reads);
  }

  @Override
  public MemorySession openSession(int threads) {
    if (closed) {
      throw new ClosedException("the memory %s is closed".formatted(name()));
    }
    Torch.prepareInference(threads);
    return new TorchMlpSession(this, shape);
  }

  /** The logits of rows, as a tensor of {@code owner}. Safe for use by several threads. */
  PtNDArray logits(PtNDManager owner, FloatRows activations) {
    // A copy, for rows on the heap; they are small beside the logits.
    FloatBuffer values = FloatBuffer.wrap(activations.segment().toArray(ValueLayout.JAVA_FLOAT));
    Shape matrix = new Shape(activations.count(), activations.width());
    try (PtNDArray input = owner.create(values, matrix, DataType.FLOAT32);
        IValue argument = IValue.from(input);
        IValue result = script.run("logits", argument, weights)) {
      return result.toTensor(owner);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      weights.close();
      script.close();
    }
  }
}
