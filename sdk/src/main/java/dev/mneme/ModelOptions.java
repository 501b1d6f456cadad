package dev.mneme;

import com.google.common.base.Preconditions;

/**
 * How a {@link MemoryAugmentedModel} runs its models. Immutable; each {@code with} method gives a
 * changed copy.
 *
 * @param cores processor threads one call may use, shared between host and memories, each of which
 *     gets at least one
 * @param onInvalidMemory what a damaged memory row does
 * @param onForeignHost what attaching a memory does that was trained on another host
 */
public record ModelOptions(
    int cores, InvalidMemoryPolicy onInvalidMemory, ForeignHostPolicy onForeignHost) {

  public ModelOptions {
    Arguments.present(onInvalidMemory, "onInvalidMemory");
    Arguments.present(onForeignHost, "onForeignHost");
    Preconditions.checkArgument(cores >= 1, "cores must be at least 1, but is %s", cores);
  }

  /** All cores of the machine, and failure on a damaged memory row or a foreign host. */
  public static ModelOptions defaults() {
    return new ModelOptions(
        Runtime.getRuntime().availableProcessors(),
        InvalidMemoryPolicy.FAIL,
        ForeignHostPolicy.REFUSE);
  }

  public ModelOptions withCores(int value) {
    return new ModelOptions(value, onInvalidMemory, onForeignHost);
  }

  public ModelOptions withOnInvalidMemory(InvalidMemoryPolicy value) {
    return new ModelOptions(cores, value, onForeignHost);
  }

  public ModelOptions withOnForeignHost(ForeignHostPolicy value) {
    return new ModelOptions(cores, onInvalidMemory, value);
  }
}
