package dev.mneme;

import com.google.common.base.Preconditions;

/**
 * How a {@link MemoryAugmentedModel} runs its models.
 *
 * @param cores processor threads one call may use, shared between host and memories, each of which
 *     gets at least one
 * @param onInvalidMemory what a damaged memory row does
 */
public record ModelOptions(int cores, InvalidMemoryPolicy onInvalidMemory) {

  public ModelOptions {
    Preconditions.checkArgument(cores >= 1, "cores must be at least 1, but is %s", cores);
  }

  /** All cores of the machine, and failure on a damaged memory row. */
  public static ModelOptions defaults() {
    return new ModelOptions(Runtime.getRuntime().availableProcessors(), InvalidMemoryPolicy.FAIL);
  }
}
