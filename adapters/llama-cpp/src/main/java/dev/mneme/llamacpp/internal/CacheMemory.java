package dev.mneme.llamacpp.internal;

import com.google.common.math.LongMath;
import com.sun.management.OperatingSystemMXBean;
import dev.mneme.llamacpp.CacheType;
import dev.mneme.store.gguf.GgufFile;
import java.lang.management.ManagementFactory;
import java.util.OptionalLong;

/**
 * Refuses a session whose key-value cache cannot fit into the machine's memory: some releases try
 * for minutes, others end the process.
 */
final class CacheMemory {

  private CacheMemory() {}

  /**
   * Checks a context length.
   *
   * @throws IllegalArgumentException with the sizes
   */
  static void require(GgufFile file, int contextLength, CacheType type) {
    long bytes = LongMath.saturatedMultiply(contextLength, bytesOfToken(file, type));
    if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
        && bytes > system.getTotalMemorySize()) {
      throw new IllegalArgumentException(
          "a context of %d tokens of %s would take %d GB, more than this machine's memory of %d GB; ask for a shorter one"
              .formatted(
                  contextLength, file.path(), bytes >> 30, system.getTotalMemorySize() >> 30));
    }
  }

  /** Keys and values of a token in all blocks; too much where some blocks keep fewer. */
  private static long bytesOfToken(GgufFile file, CacheType type) {
    long heads = number(file, "attention.head_count").orElse(1);
    long pairs = number(file, "attention.head_count_kv").orElse(heads);
    long share = number(file, "embedding_length").orElse(1) / Math.max(1, heads);
    long keys = number(file, "attention.key_length").orElse(share);
    long values = number(file, "attention.value_length").orElse(share);
    long blocks = number(file, "block_count").orElse(1);
    long numbers =
        LongMath.saturatedMultiply(
            LongMath.saturatedMultiply(blocks, pairs), LongMath.saturatedAdd(keys, values));
    return LongMath.saturatedMultiply(numbers, type == CacheType.F32 ? Float.BYTES : Short.BYTES);
  }

  private static OptionalLong number(GgufFile file, String key) {
    return file.integer(file.string("general.architecture").orElse("") + "." + key);
  }
}
