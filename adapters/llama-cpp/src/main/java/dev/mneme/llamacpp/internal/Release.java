package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.util.Arrays;

/**
 * What differs between releases of llama.cpp: the layouts of structs passed by value, and names
 * that changed. One constant a release; the rest of the adapter does not know which one it runs on.
 *
 * @param name the upstream tag
 * @param modelParams {@code struct llama_model_params}; members used: n_gpu_layers, use_mmap
 * @param contextParams {@code struct llama_context_params}; members used: n_ctx, n_batch, n_ubatch,
 *     n_threads, n_threads_batch, cb_eval, type_k, type_v
 * @param batch {@code struct llama_batch}
 * @param tensor {@code struct ggml_tensor}; members used: type, ne (lengths, row first), nb
 *     (strides in bytes), data, name
 * @param concurrentBatches whether two contexts may decode batches of several tokens at once. At
 *     b4916 they may not: the small-matrix kernel (ggml-cpu/llamafile/sgemm.cpp) hands out its work
 *     through one counter for the whole process, and two calls at once give wrong logits or NaN. It
 *     serves several tokens only, so single-token decodes do run at once
 * @param cacheRemove the function that forgets a range of a sequence: (context, sequence, from, to)
 */
record Release(
    String name,
    StructLayout modelParams,
    StructLayout contextParams,
    StructLayout batch,
    StructLayout tensor,
    boolean concurrentBatches,
    String cacheRemove) {

  private static MemoryLayout ints(String... names) {
    return MemoryLayout.structLayout(
        Arrays.stream(names).map(JAVA_INT::withName).toArray(MemoryLayout[]::new));
  }

  /** The release inside de.kherud:llama 4.2.0; layouts from include/llama.h at tag b4916. */
  static final Release B4916 =
      new Release(
          "b4916",
          MemoryLayout.structLayout(
              ADDRESS.withName("devices"),
              JAVA_INT.withName("n_gpu_layers"),
              JAVA_INT.withName("split_mode"),
              JAVA_INT.withName("main_gpu"),
              MemoryLayout.paddingLayout(4),
              ADDRESS.withName("tensor_split"),
              ADDRESS.withName("progress_callback"),
              ADDRESS.withName("progress_callback_user_data"),
              ADDRESS.withName("kv_overrides"),
              JAVA_BOOLEAN.withName("vocab_only"),
              JAVA_BOOLEAN.withName("use_mmap"),
              JAVA_BOOLEAN.withName("use_mlock"),
              JAVA_BOOLEAN.withName("check_tensors"),
              MemoryLayout.paddingLayout(4)),
          MemoryLayout.structLayout(
              JAVA_INT.withName("n_ctx"),
              JAVA_INT.withName("n_batch"),
              JAVA_INT.withName("n_ubatch"),
              JAVA_INT.withName("n_seq_max"),
              JAVA_INT.withName("n_threads"),
              JAVA_INT.withName("n_threads_batch"),
              ints("rope_scaling_type", "pooling_type", "attention_type").withName("types"),
              MemoryLayout.sequenceLayout(6, JAVA_FLOAT).withName("rope"),
              JAVA_INT.withName("yarn_orig_ctx"),
              JAVA_FLOAT.withName("defrag_thold"),
              MemoryLayout.paddingLayout(4),
              ADDRESS.withName("cb_eval"),
              ADDRESS.withName("cb_eval_user_data"),
              JAVA_INT.withName("type_k"),
              JAVA_INT.withName("type_v"),
              JAVA_BOOLEAN.withName("logits_all"),
              JAVA_BOOLEAN.withName("embeddings"),
              JAVA_BOOLEAN.withName("offload_kqv"),
              JAVA_BOOLEAN.withName("flash_attn"),
              JAVA_BOOLEAN.withName("no_perf"),
              MemoryLayout.paddingLayout(3),
              ADDRESS.withName("abort_callback"),
              ADDRESS.withName("abort_callback_data")),
          MemoryLayout.structLayout(
              JAVA_INT.withName("n_tokens"),
              MemoryLayout.paddingLayout(4),
              ADDRESS.withName("token"),
              ADDRESS.withName("embd"),
              ADDRESS.withName("pos"),
              ADDRESS.withName("n_seq_id"),
              ADDRESS.withName("seq_id"),
              ADDRESS.withName("logits")),
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
              MemoryLayout.paddingLayout(8)),
          false,
          "llama_kv_self_seq_rm");
}
