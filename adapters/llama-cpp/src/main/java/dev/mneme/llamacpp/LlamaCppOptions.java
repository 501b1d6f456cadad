package dev.mneme.llamacpp;

import com.google.common.base.Preconditions;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a model is loaded and its sessions are made. Immutable; each {@code with} method gives a
 * changed copy.
 *
 * @param contextLength tokens a session holds; 0 takes what the model was trained for, at most
 *     4,096
 * @param batchSize tokens one native call takes, at least 1
 * @param threads most threads a call of a session uses; 0 leaves it to who opens the session. Calls
 *     that run at once share the processor's cores, so each may get fewer
 * @param memoryMapped whether weights are mapped instead of read into memory of the model's own.
 *     Mapped weights load faster and are shared between processes, but a program that shortens the
 *     file meanwhile ends this process, and one that overwrites it may change what is computed
 * @param gpuLayers blocks to run on a GPU, counted from the last; {@link #ALL_LAYERS} for every one
 * @param devices GPUs to use by {@link Device#name}; all of them if empty
 * @param flashAttention how attention is computed
 * @param cacheType how sessions store the past
 * @param library the llama.cpp to run on: libllama, the folder of a release, or {@link #BUNDLED};
 *     null takes what the system property {@code mneme.llama.library} or the environment variable
 *     {@code MNEME_LLAMA_LIBRARY} names, else the bundled one
 */
public record LlamaCppOptions(
    int contextLength,
    int batchSize,
    int threads,
    boolean memoryMapped,
    int gpuLayers,
    List<String> devices,
    FlashAttention flashAttention,
    CacheType cacheType,
    @Nullable Path library) {

  /** Every block of a model, and its output matrix. */
  public static final int ALL_LAYERS = 9_999;

  /** Stands for the library inside de.kherud:llama, whatever the settings name. */
  public static final Path BUNDLED = Path.of("bundled");

  private static final int MOST_THREADS = 512;

  public LlamaCppOptions {
    Preconditions.checkArgument(
        contextLength >= 0, "contextLength must be 0 or more, but is %s", contextLength);
    Preconditions.checkArgument(
        batchSize >= 1, "batchSize must be at least 1, but is %s", batchSize);
    Preconditions.checkArgument(
        threads >= 0 && threads <= MOST_THREADS,
        "threads must lie in [0, %s], but is %s",
        MOST_THREADS,
        threads);
    Preconditions.checkArgument(
        gpuLayers >= 0, "gpuLayers must be 0 or more, but is %s", gpuLayers);
    devices = List.copyOf(devices);
  }

  /**
   * The model's own context, batches of 512, weights that are read, no GPU, a 16-bit cache, the
   * library of the settings.
   */
  public static LlamaCppOptions defaults() {
    return new LlamaCppOptions(
        0, 512, 0, false, 0, List.of(), FlashAttention.AUTO, CacheType.F16, null);
  }

  public LlamaCppOptions withContextLength(int value) {
    return new LlamaCppOptions(
        value,
        batchSize,
        threads,
        memoryMapped,
        gpuLayers,
        devices,
        flashAttention,
        cacheType,
        library);
  }

  public LlamaCppOptions withBatchSize(int value) {
    return new LlamaCppOptions(
        contextLength,
        value,
        threads,
        memoryMapped,
        gpuLayers,
        devices,
        flashAttention,
        cacheType,
        library);
  }

  public LlamaCppOptions withThreads(int value) {
    return new LlamaCppOptions(
        contextLength,
        batchSize,
        value,
        memoryMapped,
        gpuLayers,
        devices,
        flashAttention,
        cacheType,
        library);
  }

  public LlamaCppOptions withMemoryMapped(boolean value) {
    return new LlamaCppOptions(
        contextLength,
        batchSize,
        threads,
        value,
        gpuLayers,
        devices,
        flashAttention,
        cacheType,
        library);
  }

  public LlamaCppOptions withGpuLayers(int value) {
    return new LlamaCppOptions(
        contextLength,
        batchSize,
        threads,
        memoryMapped,
        value,
        devices,
        flashAttention,
        cacheType,
        library);
  }

  public LlamaCppOptions withDevices(List<String> value) {
    return new LlamaCppOptions(
        contextLength,
        batchSize,
        threads,
        memoryMapped,
        gpuLayers,
        value,
        flashAttention,
        cacheType,
        library);
  }

  public LlamaCppOptions withFlashAttention(FlashAttention value) {
    return new LlamaCppOptions(
        contextLength,
        batchSize,
        threads,
        memoryMapped,
        gpuLayers,
        devices,
        value,
        cacheType,
        library);
  }

  public LlamaCppOptions withCacheType(CacheType value) {
    return new LlamaCppOptions(
        contextLength,
        batchSize,
        threads,
        memoryMapped,
        gpuLayers,
        devices,
        flashAttention,
        value,
        library);
  }

  public LlamaCppOptions withLibrary(@Nullable Path value) {
    return new LlamaCppOptions(
        contextLength,
        batchSize,
        threads,
        memoryMapped,
        gpuLayers,
        devices,
        flashAttention,
        cacheType,
        value);
  }
}
