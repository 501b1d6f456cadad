package dev.mneme.llamacpp;

import dev.mneme.MemoryModule;
import dev.mneme.MemorySession;
import dev.mneme.TappedHost;
import dev.mneme.Vocabulary;
import dev.mneme.llamacpp.internal.MlpWeights;
import dev.mneme.store.DerivedGguf;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackKind;
import dev.mneme.store.WeightType;
import dev.mneme.store.hf.MlpShape;
import java.nio.file.Path;
import java.util.Optional;

/**
 * An MLP Memory (arXiv 2508.01832) on ggml: blocks without attention that read one host activation
 * a position. Its weights are mapped from a GGUF file derived from its pack and cached.
 */
public final class LlamaCppMlpMemory implements MemoryModule {

  private final MemoryPack pack;
  private final TappedHost reads;
  private final MlpWeights weights;

  private LlamaCppMlpMemory(MemoryPack pack, TappedHost reads, MlpWeights weights) {
    this.pack = pack;
    this.reads = reads;
    this.weights = weights;
  }

  /** Opens a pack with its weights as stored. */
  public static LlamaCppMlpMemory open(MemoryPack pack) {
    return open(pack, pack.storedType(), LlamaCppOptions.defaults());
  }

  /** Opens a pack, its derived file cached in {@link DerivedGguf#defaultCache()}. */
  public static LlamaCppMlpMemory open(MemoryPack pack, WeightType type, LlamaCppOptions options) {
    return open(pack, type, options, DerivedGguf.defaultCache());
  }

  /**
   * Opens a pack.
   *
   * @param type what to run the weights as
   * @param options of which the library and the threads are used: it is always mapped, keeps
   *     nothing of the past and runs on the processor
   * @param cache where derived files are kept
   * @throws IllegalArgumentException if the pack is no MLP Memory
   * @throws dev.mneme.MalformedFileException if a weight is NaN or infinite; names its tensor
   */
  public static LlamaCppMlpMemory open(
      MemoryPack pack, WeightType type, LlamaCppOptions options, Path cache) {
    pack.requireTrusted();
    if (pack.kind() instanceof PackKind.MlpMemory(TappedHost reads)
        && pack.network() instanceof MlpShape shape) {
      return new LlamaCppMlpMemory(
          pack, reads, new MlpWeights(DerivedGguf.of(pack, type, cache), shape, options));
    }
    throw new IllegalArgumentException(
        pack.name() + " is no MLP Memory; open it as a Memory Decoder");
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
    return pack.network().vocabulary();
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
    return weights.openSession(threads);
  }

  @Override
  public boolean isClosed() {
    return weights.isClosed();
  }

  @Override
  public void close() {
    weights.close();
  }
}
