package dev.mneme.llamacpp.internal;

import com.google.common.collect.ImmutableSet;
import dev.mneme.MalformedFileException;
import dev.mneme.NativeLibraryException;
import dev.mneme.store.gguf.GgufFile;
import java.util.Set;

/**
 * Refuses a model on which the library in use ends the process, though others run it. It is asked
 * after {@link GgufGuard}, when the library is loaded.
 */
final class ReleaseGuard {

  private static final int GEMMA3_PATTERN = 6;
  private static final int COHERE2_PATTERN = 4;
  private static final int GEMMA2_PATTERN = 2;

  private static final Set<Integer> GEMMA2_BLOCKS = ImmutableSet.of(26, 42, 46);
  private static final Set<Integer> BAICHUAN_BLOCKS = ImmutableSet.of(32, 40);

  private ReleaseGuard() {}

  /**
   * Checks a file.
   *
   * @throws MalformedFileException naming the key
   * @throws NativeLibraryException if it runs no model of this architecture
   */
  static void check(GgufFile file, ModelShape shape, Release release) {
    if (release.broken().contains(shape.architecture().name())) {
      throw new NativeLibraryException(
          "llama.cpp %s ends the process on a model of architecture %s, such as %s; take an older or a newer release"
              .formatted(release.name(), shape.architecture().name(), file.path()));
    }
    String experts = shape.architecture().name() + ".expert_count";
    if (file.integer(experts).orElse(0) > release.mostExperts()) {
      throw new MalformedFileException(
          "%s: %s is %d, but llama.cpp %s runs models of at most %d experts"
              .formatted(
                  file.path(),
                  experts,
                  file.integer(experts).getAsLong(),
                  release.name(),
                  release.mostExperts()));
    }
    if (release.needsFullAttention()) {
      requireFullAttention(file, shape, release);
    }
    if (release.needsKnownSizes()) {
      requireKnownSize(file, shape, release);
    }
  }

  /** Graphs that depend on the published size of a model, which the number of blocks tells. */
  private static void requireKnownSize(GgufFile file, ModelShape shape, Release release) {
    Set<Integer> known =
        switch (shape.architecture().name()) {
          case "gemma2" -> GEMMA2_BLOCKS;
          case "baichuan" -> BAICHUAN_BLOCKS;
          default -> ImmutableSet.of(shape.blocks());
        };
    if (!known.contains(shape.blocks())) {
      throw new MalformedFileException(
          "%s: %s.block_count is %d, but llama.cpp %s runs models of this architecture with %s blocks only; use a newer release (docs/llama-cpp.md)"
              .formatted(
                  file.path(), shape.architecture().name(), shape.blocks(), release.name(), known));
    }
  }

  /**
   * The release makes the mask of full attention for every model with a sliding window and writes
   * to it at each step; where no block uses it, it has no memory.
   */
  private static void requireFullAttention(GgufFile file, ModelShape shape, Release release) {
    int pattern =
        switch (shape.architecture().name()) {
          case "gemma3" -> GEMMA3_PATTERN;
          case "cohere2" -> COHERE2_PATTERN;
          case "gemma2" -> GEMMA2_PATTERN;
          default -> 1;
        };
    if (shape.blocks() < pattern) {
      throw new MalformedFileException(
          "%s: %s.block_count is %d: none of its blocks has full attention, as every %dth has, and llama.cpp %s ends the process on such a model; use a newer release (docs/llama-cpp.md) or a model of at least %d blocks"
              .formatted(
                  file.path(),
                  shape.architecture().name(),
                  shape.blocks(),
                  pattern,
                  release.name(),
                  pattern));
    }
  }
}
