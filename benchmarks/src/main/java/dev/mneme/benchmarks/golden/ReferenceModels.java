package dev.mneme.benchmarks.golden;

import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
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
 * convert} and {@code mneme import}: one GGUF host, and packs imported when first asked for.
 * Whatever is opened here is closed by the caller. One thread.
 */
final class ReferenceModels {

  private final Path reference;
  private final Path work;
  private final WeightType type;
  private final LlamaCppOptions options;
  private final Path hostFile;
  private final Map<String, MemoryPack> packs = new HashMap<>();

  /**
   * Converts the host.
   *
   * @param reference folder of Hugging Face folders
   * @param work a folder to write to
   * @param type weights of host and memories
   */
  ReferenceModels(Path reference, String host, Path work, WeightType type, CacheType cache) {
    this.reference = reference;
    this.work = work;
    this.type = type;
    this.options = LlamaCppOptions.defaults().withCacheType(cache);
    this.hostFile = work.resolve("host.gguf");
    GgufConverter.convertHost(reference.resolve(host), hostFile, type);
  }

  LlamaCppHost openHost() {
    return LlamaCppHost.open(hostFile, options);
  }

  LlamaCppMemoryDecoder openMemory(String name) {
    MemoryPack pack =
        packs.computeIfAbsent(
            name,
            folder ->
                MemoryPack.importFrom(reference.resolve(folder), folder, "", work.resolve(folder)));
    return LlamaCppMemoryDecoder.open(pack, type, options, work.resolve("cache"));
  }

  /** The host without a memory. */
  MemoryAugmentedModel open() {
    return MemoryAugmentedModel.over(openHost());
  }

  /** The host with one memory. */
  MemoryAugmentedModel open(String memory, double lambda) {
    MemoryAugmentedModel model = open();
    try {
      LlamaCppMemoryDecoder opened = openMemory(memory);
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
