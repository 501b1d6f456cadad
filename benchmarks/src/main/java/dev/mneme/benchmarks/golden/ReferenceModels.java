package dev.mneme.benchmarks.golden;

import dev.mneme.HostModel;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MemoryModule;
import dev.mneme.djl.TorchHost;
import dev.mneme.djl.TorchMemoryDecoder;
import dev.mneme.djl.TorchOptions;
import dev.mneme.llamacpp.CacheType;
import dev.mneme.llamacpp.LlamaCppHost;
import dev.mneme.llamacpp.LlamaCppMemoryDecoder;
import dev.mneme.llamacpp.LlamaCppOptions;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.WeightType;
import dev.mneme.store.hf.GgufConverter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * The reference's Hugging Face folders made into what Mneme runs, by the calls behind {@code mneme
 * convert} and {@code mneme import}: one host, and packs imported when first asked for. Whatever is
 * opened here is closed by the caller. One thread.
 */
final class ReferenceModels {

  /** What runs the models. */
  sealed interface Engine {

    /**
     * llama.cpp, from GGUF files made of the folders.
     *
     * @param type weights of host and memories
     */
    record LlamaCpp(WeightType type, CacheType cache) implements Engine {}

    /** PyTorch, from the folders themselves. */
    record Torch(TorchOptions options) implements Engine {}
  }

  private final Path reference;
  private final Path work;
  private final Engine engine;
  private final Path host;
  private final Map<String, MemoryPack> packs = new HashMap<>();

  /**
   * Prepares the host.
   *
   * @param reference folder of Hugging Face folders
   * @param work a folder to write to
   */
  ReferenceModels(Path reference, String host, Path work, Engine engine) {
    this.reference = reference;
    this.work = work;
    this.engine = engine;
    this.host =
        switch (engine) {
          case Engine.LlamaCpp(WeightType type, CacheType _) -> {
            Path file = work.resolve("host.gguf");
            GgufConverter.convertHost(reference.resolve(host), file, type);
            yield file;
          }
          case Engine.Torch(TorchOptions _) -> reference.resolve(host);
        };
  }

  HostModel openHost() {
    return switch (engine) {
      case Engine.LlamaCpp(WeightType _, CacheType cache) ->
          LlamaCppHost.open(host, LlamaCppOptions.defaults().withCacheType(cache));
      case Engine.Torch(TorchOptions options) -> TorchHost.open(host, options);
    };
  }

  MemoryModule openMemory(String name) {
    MemoryPack pack =
        packs.computeIfAbsent(
            name,
            folder ->
                MemoryPack.importFrom(reference.resolve(folder), folder, "", work.resolve(folder)));
    return switch (engine) {
      case Engine.LlamaCpp(WeightType type, CacheType cache) ->
          LlamaCppMemoryDecoder.open(
              pack, type, LlamaCppOptions.defaults().withCacheType(cache), work.resolve("cache"));
      case Engine.Torch(TorchOptions options) -> TorchMemoryDecoder.open(pack, options);
    };
  }

  /** The host without a memory. */
  MemoryAugmentedModel open() {
    return MemoryAugmentedModel.over(openHost());
  }

  /** The host with one memory. */
  MemoryAugmentedModel open(String memory, double lambda) {
    MemoryAugmentedModel model = open();
    try {
      MemoryModule opened = openMemory(memory);
      try {
        model.attach(opened, LambdaPolicy.fixed(lambda));
      } catch (RuntimeException e) {
        opened.close();
        throw e;
      }
      return model;
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }
}
