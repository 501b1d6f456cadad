package dev.mneme.djl;

import dev.mneme.MalformedFileException;
import dev.mneme.MemoryModule;
import dev.mneme.MemorySession;
import dev.mneme.MnemeException;
import dev.mneme.NativeLibraryException;
import dev.mneme.TappedHost;
import dev.mneme.Vocabulary;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackKind;
import dev.mneme.store.hf.MlpModel;
import dev.mneme.store.hf.MlpShape;
import java.util.List;
import java.util.Optional;

/**
 * The MLP Memory of a pack (arXiv 2508.01832) on PyTorch. It runs from its pack's own files;
 * sessions share its weights and may run at the same time, each on its own thread, and keep nothing
 * but their length, so a context has no end. Owns native memory.
 */
public final class TorchMlpMemory implements MemoryModule {

  private final MemoryPack pack;
  private final TappedHost reads;
  private final TorchOptions options;
  private final MlpModel model;
  private final LoadedNetwork network;
  private boolean closed;

  private TorchMlpMemory(MemoryPack pack, TappedHost reads, MlpModel model, TorchOptions options) {
    this.pack = pack;
    this.reads = reads;
    this.options = options;
    this.model = model;
    MlpShape shape = model.shape();
    List<String> names = shape.tensors().stream().map(MlpShape.Tensor::name).toList();
    WeightPrecision precision =
        options
            .precision()
            .orElseGet(() -> InferenceWeights.storedPrecision(model.tensors(), names));
    WeightSlots slots = WeightSlots.of(shape, precision);
    String code = MlpInferenceScript.of(shape, slots, precision);
    network = new LoadedNetwork(pack.directory(), model.tensors(), slots, precision, code);
  }

  /** Opens a pack's memory with {@link TorchOptions#defaults()}. */
  public static TorchMlpMemory open(MemoryPack pack) {
    return open(pack, TorchOptions.defaults());
  }

  /**
   * Opens a pack's memory.
   *
   * @param options their context is not used: a session has no end
   * @throws MalformedFileException if a file breaks its format or a weight is not finite; names the
   *     tensor
   * @throws MnemeException if the pack holds another kind of memory
   * @throws NativeLibraryException if PyTorch cannot be loaded
   */
  public static TorchMlpMemory open(MemoryPack pack, TorchOptions options) {
    pack.requireTrusted();
    if (!(pack.kind() instanceof PackKind.MlpMemory(TappedHost reads))) {
      throw new MnemeException(
          "the pack %s holds a %s, not an mlp-memory, which alone runs here"
              .formatted(pack.name(), pack.kind().label()));
    }
    MlpModel model = MlpModel.open(pack.directory());
    try {
      return new TorchMlpMemory(pack, reads, model, options);
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
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
    return model.shape().vocabulary();
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
    network.openSession(threads, options.threads());
    try {
      return new TorchMlpSession(name(), network, model.shape(), options.batchSize());
    } catch (RuntimeException | Error e) {
      network.sessionClosed();
      throw e;
    }
  }

  @Override
  public synchronized boolean isClosed() {
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
      model.close();
    }
  }
}
