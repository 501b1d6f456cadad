package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.mneme.NativeLibraryException;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What differs between releases of llama.cpp, found out from the library itself before any struct
 * is passed by value (docs/llama-cpp.md has the rule). The rest of the adapter does not know which
 * release it runs on.
 *
 * <p>Layouts stand in {@link ModelLayout} and {@link ContextLayout}, functions with other names in
 * {@link LlamaLibrary}, and here what changed its meaning.
 *
 * @param name what the library says of its version, or between which releases it lies
 * @param concurrentBatches whether two contexts may decode batches of several tokens at once. Until
 *     b5640 they may not: the small-matrix kernel (ggml-cpu/llamafile/sgemm.cpp) hands out its work
 *     through one counter for the whole process, and two calls at once give wrong logits or NaN. It
 *     serves several tokens only, so single-token decodes do run at once
 * @param needsFullAttention whether a model with a sliding window must have a block without one.
 *     b4916 must: it fills a mask that no block uses and that so has no memory
 * @param needsKnownSizes whether gemma2 and baichuan must have the number of blocks of a published
 *     model. b4916 ends the process on others
 * @param mostExperts LLAMA_MAX_EXPERTS, as far as is known; more end the process
 * @param broken architectures on which the release ends the process: gpt2 around b6431, whose graph
 *     reshapes what does not lie in one piece
 */
record Release(
    String name,
    ModelLayout model,
    ContextLayout context,
    boolean concurrentBatches,
    boolean needsFullAttention,
    boolean needsKnownSizes,
    int mostExperts,
    Set<String> broken) {

  /** {@code struct llama_batch}, the same in every release. */
  static final StructLayout BATCH =
      MemoryLayout.structLayout(
          JAVA_INT.withName("n_tokens"),
          MemoryLayout.paddingLayout(4),
          ADDRESS.withName("token"),
          ADDRESS.withName("embd"),
          ADDRESS.withName("pos"),
          ADDRESS.withName("n_seq_id"),
          ADDRESS.withName("seq_id"),
          ADDRESS.withName("logits"));

  /**
   * {@code struct ggml_tensor}, the same in every release; members used: type, ne (lengths, row
   * first), nb (strides in bytes), data, name.
   */
  static final StructLayout TENSOR =
      MemoryLayout.structLayout(
          JAVA_INT.withName("type"),
          MemoryLayout.paddingLayout(4),
          ADDRESS.withName("buffer"),
          MemoryLayout.sequenceLayout(4, JAVA_LONG).withName("ne"),
          MemoryLayout.sequenceLayout(4, JAVA_LONG).withName("nb"),
          JAVA_INT.withName("op"),
          MemoryLayout.sequenceLayout(16, JAVA_INT).withName("op_params"),
          JAVA_INT.withName("flags"),
          MemoryLayout.sequenceLayout(10, ADDRESS).withName("src"),
          ADDRESS.withName("view_src"),
          JAVA_LONG.withName("view_offs"),
          ADDRESS.withName("data"),
          MemoryLayout.sequenceLayout(64, JAVA_BYTE).withName("name"),
          ADDRESS.withName("extra"),
          MemoryLayout.paddingLayout(8));

  /**
   * Finds out what a library is.
   *
   * @throws NativeLibraryException if it is none that Mneme knows
   */
  static Release of(NativeFunctions functions) {
    MemorySegment model = functions.address("llama_model_default_params");
    MemorySegment context = functions.address("llama_context_default_params");
    functions.requireAll();
    return of(functions, DefaultBytes.read(model), DefaultBytes.read(context));
  }

  private static Release of(
      NativeFunctions functions, DefaultBytes modelDefaults, DefaultBytes contextDefaults) {
    List<ModelLayout> models = ModelLayout.fitting(modelDefaults);
    List<ContextLayout> contexts = ContextLayout.fitting(contextDefaults);
    String ggml = ggmlVersion(functions);
    if (models.size() != 1 || contexts.size() != 1) {
      throw new NativeLibraryException(
          "its structs of parameters (%d and %d bytes%s) are laid out as in no release that Mneme knows; %s"
              .formatted(
                  modelDefaults.length(),
                  contextDefaults.length(),
                  ggml.isEmpty() ? "" : ", " + ggml,
                  known()));
    }
    ContextLayout layout = contexts.getFirst();
    // The first release with a version is younger than the end of that counter.
    boolean concurrentBatches = functions.has("ggml_version");
    boolean beforeGgmlHadVersions = ggml.startsWith("ggml 0.0.");
    String release = functions.text("llama_version").orElse(layout.seen());
    return new Release(
        ggml.isEmpty() ? release : "%s (%s)".formatted(release, ggml),
        models.getFirst(),
        layout,
        concurrentBatches,
        layout == ContextLayout.B4916,
        layout == ContextLayout.B4916,
        layout.compareTo(ContextLayout.B9842) < 0 ? 256 : 512,
        layout == ContextLayout.B6431 && beforeGgmlHadVersions ? Set.of("gpt2") : Set.of());
  }

  /** The version of ggml and its commit, if the library tells them. */
  private static String ggmlVersion(NativeFunctions functions) {
    return functions
        .text("ggml_version")
        .map(version -> "ggml " + version + commit(functions))
        .orElse("");
  }

  private static String commit(NativeFunctions functions) {
    return functions.text("ggml_commit").map(commit -> ", " + commit).orElse("");
  }

  /** The releases Mneme knows, for messages. */
  static String known() {
    return "known are "
        + Arrays.stream(ContextLayout.values())
            .map(ContextLayout::seen)
            .collect(Collectors.joining(", "));
  }
}
