package dev.mneme.cli;

import dev.mneme.ForeignHostPolicy;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MemoryModule;
import dev.mneme.ModelOptions;
import dev.mneme.djl.TorchOptions;
import dev.mneme.djl.WeightPrecision;
import dev.mneme.llamacpp.CacheType;
import dev.mneme.llamacpp.FlashAttention;
import dev.mneme.llamacpp.LlamaCppOptions;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackLabel;
import dev.mneme.store.WeightType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that open a host and attach memories, shared by the commands that run a model. */
@SuppressWarnings("NullAway.Init") // picocli sets the required options
final class ModelOptionsMixin {

  private static final int MOST_THREADS = 512;
  private static final int MOST_CONTEXT = 1 << 24;

  @Option(
      names = "--host",
      required = true,
      paramLabel = "HOST",
      description =
          "The frozen host: a .gguf file, a Hugging Face folder, or a shipped one by name. It is"
              + " only read.")
  private String host;

  @Option(
      names = "--memory",
      paramLabel = "MEMORY",
      description =
          "A memory: a pack or a Hugging Face directory, a shipped or installed pack by name, or"
              + " hf:OWNER/NAME@REVISION or mvn:GROUP:ARTIFACT:VERSION, which is installed first if"
              + " it is not yet. Repeat it for several.")
  private List<String> memories = new ArrayList<>();

  @Option(
      names = "--lambda",
      paramLabel = "L",
      description =
          "Weight of the memory in [0, 1]. One value is shared equally by all memories; or give one"
              + " --lambda per --memory, in order. Default: what the pack recommends, else 0.6.")
  private List<Double> lambdas = new ArrayList<>();

  @Option(
      names = "--memory-type",
      paramLabel = "TYPE",
      description =
          "Weights the memory runs with beside a GGUF host: ${COMPLETION-CANDIDATES}. Default: as"
              + " stored.")
  private @Nullable WeightType memoryType;

  @Option(
      names = "--precision",
      paramLabel = "NUMBERS",
      description =
          "What the matrices of a Hugging Face host and its memories are kept and multiplied in:"
              + " ${COMPLETION-CANDIDATES}. Default: BFLOAT16 where they are stored so, else"
              + " FLOAT32.")
  private @Nullable WeightPrecision precision;

  @Option(
      names = "--cache",
      paramLabel = "TYPE",
      description = "Key-value cache of GGUF models: ${COMPLETION-CANDIDATES}. Default: F16.")
  private @Nullable CacheType cache;

  @Option(
      names = "--llama-library",
      paramLabel = "PATH",
      description =
          "The llama.cpp for GGUF models: libllama, or the folder of a release. Default:"
              + " MNEME_LLAMA_LIBRARY, or else the bundled one.")
  private @Nullable Path llamaLibrary;

  @Option(
      names = "--gpu-layers",
      paramLabel = "N",
      converter = GpuLayers.class,
      description =
          "Blocks of a GGUF host that run on a GPU, or \"all\"; needs a llama.cpp with a GPU"
              + " backend (mneme doctor shows it). Memories stay on the processor. Default: 0.")
  private @Nullable Integer gpuLayers;

  @Option(
      names = "--device",
      paramLabel = "NAME",
      description = "A GPU to use, as mneme doctor names it. Repeat it for several. Default: all.")
  private List<String> devices = new ArrayList<>();

  @Option(
      names = "--flash-attention",
      paramLabel = "WHEN",
      description = "Of a GGUF host: ${COMPLETION-CANDIDATES}. Default: AUTO.")
  private @Nullable FlashAttention flashAttention;

  @Option(
      names = "--context",
      defaultValue = "0",
      paramLabel = "N",
      description = "Tokens of context. Default: what the models were trained for, at most 4096.")
  private int context;

  @Option(
      names = "--threads",
      defaultValue = "0",
      paramLabel = "N",
      description = "Processor cores to use in all. Default: every core.")
  private int threads;

  @Option(
      names = "--force",
      description =
          "Attach an MLP Memory that was trained on another host, as long as its width fits.")
  private boolean force;

  /** Opens everything; the caller closes the model. */
  MemoryAugmentedModel open() {
    checkOptions();
    List<Double> weights = weights();
    Path path = ModelNames.host(host);
    EngineChoice engine = Files.isDirectory(path) ? torch() : llamaCpp();
    int cores = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    var model =
        MemoryAugmentedModel.over(
            engine.host(path),
            ModelOptions.defaults().withCores(cores).withOnForeignHost(foreignHosts()));
    try {
      for (int i = 0; i < memories.size(); i++) {
        attach(model, memories.get(i), i, weights, engine);
      }
      return model;
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  private void checkOptions() {
    for (double lambda : lambdas) {
      OptionRange.within("--lambda", lambda, 0, 1, "0 is the host alone, 1 the memory alone");
    }
    OptionRange.within("--threads", threads, -1, MOST_THREADS, "0 and -1 take every core");
    OptionRange.within(
        "--context", context, -1, MOST_CONTEXT, "0 and -1 take what the models were trained for");
  }

  private ForeignHostPolicy foreignHosts() {
    return force ? ForeignHostPolicy.ACCEPT : ForeignHostPolicy.REFUSE;
  }

  private EngineChoice llamaCpp() {
    if (precision != null) {
      throw new IllegalArgumentException(
          "--precision is for Hugging Face folders; %s is a GGUF file, whose weights are as they are stored"
              .formatted(host));
    }
    LlamaCppOptions shared =
        LlamaCppOptions.defaults()
            .withContextLength(Math.max(0, context))
            .withLibrary(llamaLibrary);
    LlamaCppOptions options = cache == null ? shared : shared.withCacheType(cache);
    LlamaCppOptions onGpu =
        options.withGpuLayers(gpuLayers == null ? 0 : gpuLayers).withDevices(devices);
    return new EngineChoice.LlamaCpp(
        flashAttention == null ? onGpu : onGpu.withFlashAttention(flashAttention),
        options,
        Optional.ofNullable(memoryType));
  }

  private EngineChoice torch() {
    if (memoryType != null
        || cache != null
        || llamaLibrary != null
        || gpuLayers != null
        || !devices.isEmpty()
        || flashAttention != null) {
      throw new IllegalArgumentException(
          "--memory-type, --cache, --llama-library, --gpu-layers, --device and --flash-attention are for GGUF hosts; %s is a folder, for which --precision chooses the numbers"
              .formatted(host));
    }
    TorchOptions options = TorchOptions.defaults().withContextLength(Math.max(0, context));
    return new EngineChoice.Torch(precision == null ? options : options.withPrecision(precision));
  }

  private void attach(
      MemoryAugmentedModel model,
      String name,
      int index,
      List<Double> weights,
      EngineChoice engine) {
    MemoryPack pack = ModelNames.pack(name);
    pack.compatibilityWith(model.host(), foreignHosts()).require(); // before it is loaded
    double lambda =
        weights.isEmpty()
            ? pack.recommendedLambda().orElse(PackLabel.DEFAULT_LAMBDA) / memories.size()
            : weights.get(weights.size() == 1 ? 0 : index);
    MemoryModule memory = engine.memory(pack);
    try {
      model.attach(memory, LambdaPolicy.fixed(lambda));
    } catch (RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  private List<Double> weights() {
    if (!lambdas.isEmpty() && memories.isEmpty()) {
      throw new IllegalArgumentException("--lambda weighs a memory, but there is no --memory");
    }
    if (lambdas.size() <= 1) {
      return lambdas.stream().map(l -> l / memories.size()).toList();
    }
    if (lambdas.size() != memories.size()) {
      throw new IllegalArgumentException(
          "give one --lambda for all memories or one for each: there are %d lambdas and %d memories"
              .formatted(lambdas.size(), memories.size()));
    }
    return lambdas;
  }
}
