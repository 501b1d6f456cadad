package dev.mneme.llamacpp;

import dev.mneme.llamacpp.internal.LlamaLibrary;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a llama.cpp library that runs in this process; for reports and for choosing
 * devices.
 *
 * @param origin the path it was named by, or that it is the bundled one
 * @param release its versions as far as it tells them, else the releases it lies between
 * @param layouts which releases its structs are laid out as, by which Mneme calls it
 * @param features what its part for the processor was compiled for and uses, by ggml's names: AVX2
 *     to 1, OPENMP to 1, ...
 * @param devices what it can compute on here
 */
public record LlamaCppLibrary(
    String origin,
    String release,
    String layouts,
    Map<String, String> features,
    List<Device> devices) {

  /**
   * Loads a library unless it is loaded already, and looks at it.
   *
   * @param library libllama or the folder of a release; null for the one that {@link
   *     LlamaCppOptions#defaults()} takes
   * @throws dev.mneme.NativeLibraryException if Mneme cannot use it; says why
   */
  public static LlamaCppLibrary inspect(@Nullable Path library) {
    return LlamaLibrary.of(library).describe();
  }

  /** Whether layers can be put on a GPU. */
  public boolean hasGpu() {
    return devices.stream().anyMatch(Device::isGpu);
  }

  /** Whether its threads are those of OpenMP. */
  public boolean usesOpenMp() {
    return features.getOrDefault("OPENMP", "0").equals("1");
  }
}
