package dev.mneme.llamacpp.internal;

import com.google.common.math.LongMath;
import com.sun.management.OperatingSystemMXBean;
import dev.mneme.llamacpp.CacheType;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;

/**
 * Refuses a session whose key-value cache cannot fit into the machine's memory: some releases try
 * for minutes, others end the process.
 */
final class CacheMemory {

  private CacheMemory() {}

  /**
   * Checks a context length.
   *
   * @param path the model, for the message
   * @throws IllegalArgumentException with the sizes
   */
  static void require(Path path, ModelShape shape, int contextLength, CacheType type) {
    long bytes =
        LongMath.saturatedMultiply(
            contextLength,
            LongMath.saturatedMultiply(
                shape.cachedNumbers(), type == CacheType.F32 ? Float.BYTES : Short.BYTES));
    if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
        && bytes > system.getTotalMemorySize()) {
      throw new IllegalArgumentException(
          "a context of %d tokens of %s would take %d GB, more than this machine's memory of %d GB; ask for a shorter one"
              .formatted(contextLength, path, bytes >> 30, system.getTotalMemorySize() >> 30));
    }
  }
}
