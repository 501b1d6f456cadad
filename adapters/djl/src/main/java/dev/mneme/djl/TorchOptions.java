package dev.mneme.djl;

import com.google.common.base.Preconditions;
import java.util.Optional;

/**
 * How a model is loaded and its sessions are made. Immutable; each {@code with} method gives a
 * changed copy.
 *
 * @param precision numbers of the matrices; empty takes bfloat16 where the file's matrices are
 *     stored so and 32 bits otherwise
 * @param contextLength tokens a session holds; 0 takes what the model was trained for, at most
 *     4,096
 * @param batchSize tokens one call takes, at least 1
 * @param threads threads of every session; 0 leaves it to who opens the session
 */
public record TorchOptions(
    Optional<WeightPrecision> precision, int contextLength, int batchSize, int threads) {

  private static final int MOST_THREADS = 512;

  public TorchOptions {
    Preconditions.checkArgument(
        contextLength >= 0, "contextLength must be 0 or more, but is %s", contextLength);
    Preconditions.checkArgument(
        batchSize >= 1, "batchSize must be at least 1, but is %s", batchSize);
    Preconditions.checkArgument(
        threads >= 0 && threads <= MOST_THREADS,
        "threads must lie in [0, %s], but is %s",
        MOST_THREADS,
        threads);
  }

  /** Numbers as stored, the model's own context, batches of 512. */
  public static TorchOptions defaults() {
    return new TorchOptions(Optional.empty(), 0, 512, 0);
  }

  public TorchOptions withPrecision(WeightPrecision value) {
    return new TorchOptions(Optional.of(value), contextLength, batchSize, threads);
  }

  public TorchOptions withContextLength(int value) {
    return new TorchOptions(precision, value, batchSize, threads);
  }

  public TorchOptions withBatchSize(int value) {
    return new TorchOptions(precision, contextLength, value, threads);
  }

  public TorchOptions withThreads(int value) {
    return new TorchOptions(precision, contextLength, batchSize, value);
  }
}
