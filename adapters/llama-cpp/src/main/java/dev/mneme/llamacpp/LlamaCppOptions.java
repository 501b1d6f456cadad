package dev.mneme.llamacpp;

import com.google.common.base.Preconditions;

/**
 * How a model is loaded and its sessions are made. Immutable; each {@code with} method gives a
 * changed copy.
 *
 * @param contextLength tokens a session holds; 0 takes what the model was trained for, which is
 *     also the most
 * @param batchSize tokens one native call takes, at least 1
 * @param threads threads of every session; 0 leaves it to who opens the session
 * @param memoryMapped whether weights are mapped instead of read: loads faster and shares memory
 *     between processes, but the file must not change meanwhile
 * @param gpuLayers blocks to run on a GPU, where the library can
 * @param cacheType how sessions store the past
 */
public record LlamaCppOptions(
    int contextLength,
    int batchSize,
    int threads,
    boolean memoryMapped,
    int gpuLayers,
    CacheType cacheType) {

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
  }

  /** The model's own context, batches of 512, mapped weights, no GPU, a 16-bit cache. */
  public static LlamaCppOptions defaults() {
    return new LlamaCppOptions(0, 512, 0, true, 0, CacheType.F16);
  }

  public LlamaCppOptions withContextLength(int value) {
    return new LlamaCppOptions(value, batchSize, threads, memoryMapped, gpuLayers, cacheType);
  }

  public LlamaCppOptions withBatchSize(int value) {
    return new LlamaCppOptions(contextLength, value, threads, memoryMapped, gpuLayers, cacheType);
  }

  public LlamaCppOptions withThreads(int value) {
    return new LlamaCppOptions(contextLength, batchSize, value, memoryMapped, gpuLayers, cacheType);
  }

  public LlamaCppOptions withMemoryMapped(boolean value) {
    return new LlamaCppOptions(contextLength, batchSize, threads, value, gpuLayers, cacheType);
  }

  public LlamaCppOptions withGpuLayers(int value) {
    return new LlamaCppOptions(contextLength, batchSize, threads, memoryMapped, value, cacheType);
  }

  public LlamaCppOptions withCacheType(CacheType value) {
    return new LlamaCppOptions(contextLength, batchSize, threads, memoryMapped, gpuLayers, value);
  }
}
