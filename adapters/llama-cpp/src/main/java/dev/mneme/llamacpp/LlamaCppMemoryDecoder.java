package dev.mneme.llamacpp;

import dev.mneme.MemoryModule;
import dev.mneme.MemorySession;
import dev.mneme.Vocabulary;
import dev.mneme.llamacpp.internal.LlamaModel;
import dev.mneme.store.DerivedGguf;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.WeightType;
import java.nio.file.Path;
import java.util.Set;

/**
 * A Memory Decoder (arXiv 2508.09874) on llama.cpp: a small transformer that reads the host's token
 * ids. It runs from a GGUF file derived from its pack and cached.
 */
public final class LlamaCppMemoryDecoder implements MemoryModule {

  private final MemoryPack pack;
  private final LlamaModel model;

  private LlamaCppMemoryDecoder(MemoryPack pack, LlamaModel model) {
    this.pack = pack;
    this.model = model;
  }

  /** Opens a pack with its weights as stored, and default options. */
  public static LlamaCppMemoryDecoder open(MemoryPack pack) {
    return open(pack, pack.storedType(), LlamaCppOptions.defaults());
  }

  /** Opens a pack, its derived file cached in {@link DerivedGguf#defaultCache()}. */
  public static LlamaCppMemoryDecoder open(
      MemoryPack pack, WeightType type, LlamaCppOptions options) {
    return open(pack, type, options, DerivedGguf.defaultCache());
  }

  /**
   * Opens a pack.
   *
   * @param type what to run the weights as
   * @param cache where derived files are kept
   */
  public static LlamaCppMemoryDecoder open(
      MemoryPack pack, WeightType type, LlamaCppOptions options, Path cache) {
    pack.requireTrusted();
    return new LlamaCppMemoryDecoder(
        pack, new LlamaModel(DerivedGguf.of(pack, type, cache), options));
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
    return model.width();
  }

  @Override
  public int contextLength() {
    return model.contextLength();
  }

  @Override
  public int longestContext() {
    return model.trainedContext();
  }

  @Override
  public MemorySession openSession(int threads) {
    return model.openSession(threads, Set.of());
  }

  @Override
  public boolean isClosed() {
    return model.isClosed();
  }

  @Override
  public void close() {
    model.close();
  }
}
