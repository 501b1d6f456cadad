package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.util.Arrays;
import java.util.List;

/**
 * The layouts that {@code struct llama_context_params} (include/llama.h) has had, oldest first,
 * each named for the first release it was seen in; see {@link ModelLayout} on how they are told
 * apart. Only members are set that no function sets later: threads are not among them.
 */
enum ContextLayout {
  B4916("b4916 to b4980", 120, 24, 3, 72, 98, 99),
  /** Bools after the abort callback. */
  B5590("b5590 to b6122", 120, 24, 3, 72, 113, 114),
  /** Flash attention as an enum. */
  B6431("b6431 to b7347", 120, 24, 4, 72, 113, 36),
  /** Samplers at the end. */
  B7698("b7698 to b8352", 136, 24, 4, 72, 113, 36),
  /** {@code n_rs_seq} and {@code n_outputs_max} before the threads. */
  B9842("b9842 to b10068", 160, 36, 4, 88, 129, 48),
  /** {@code n_outputs_max_per_seq}. */
  B10361("b10361 to v0.5.0", 160, 40, 4, 88, 129, 52);

  private static final int LENGTH = 0;
  private static final int BATCH = 4;
  private static final int MICRO_BATCH = 8;
  private static final int SEQUENCES = 12;
  private static final int AFTER_SEQUENCES = 16;
  private static final int F16 = 1; // enum ggml_type

  private final String seen;
  private final int bytes;
  private final int firstChoice;
  private final int choices;
  private final int callback;
  private final int callbackData;
  private final int keyType;
  private final int valueType;
  private final int offload;
  private final int flashAttention;

  /**
   * One layout.
   *
   * @param seen the first and the last release it was seen in
   * @param firstChoice where enums begin that are -1 by default, one after the other
   * @param choices how many: three, and from b6431 on flash attention as the fourth
   * @param callback where {@code cb_eval} lies; its data and {@code type_k}, {@code type_v} follow
   * @param offload where the bool {@code offload_kqv} lies, which is true by default
   * @param flashAttention where the choice of flash attention lies
   */
  ContextLayout(
      String seen,
      int bytes,
      int firstChoice,
      int choices,
      int callback,
      int offload,
      int flashAttention) {
    this.seen = seen;
    this.bytes = bytes;
    this.firstChoice = firstChoice;
    this.choices = choices;
    this.callback = callback;
    this.callbackData = callback + Long.BYTES;
    this.keyType = callback + 2 * Long.BYTES;
    this.valueType = keyType + Integer.BYTES;
    this.offload = offload;
    this.flashAttention = flashAttention;
  }

  /** The layouts that these defaults fit: one, or none. */
  static List<ContextLayout> fitting(DefaultBytes defaults) {
    return Arrays.stream(values()).filter(layout -> layout.fits(defaults)).toList();
  }

  private boolean fits(DefaultBytes defaults) {
    return defaults.length() == bytes
        && defaults.isInt(LENGTH, 512)
        && defaults.isInt(BATCH, 2048)
        && defaults.isInt(MICRO_BATCH, 512)
        && defaults.isInt(SEQUENCES, 1)
        && choicesFit(defaults)
        && defaults.isNull(callback)
        && defaults.isNull(callbackData)
        && defaults.isInt(keyType, F16)
        && defaults.isInt(valueType, F16)
        && defaults.isBool(offload, true)
        && (flashAttentionIsEnum() || defaults.isBool(flashAttention, false));
  }

  private boolean choicesFit(DefaultBytes defaults) {
    boolean fit = defaults.firstInt(AFTER_SEQUENCES, -1) == firstChoice;
    for (int i = 0; i < choices; i++) {
      fit &= defaults.isInt(firstChoice + i * Integer.BYTES, -1);
    }
    return fit && !defaults.isInt(firstChoice + choices * Integer.BYTES, -1);
  }

  private boolean flashAttentionIsEnum() {
    return choices == 4;
  }

  /** The first and the last release it was seen in. */
  String seen() {
    return seen;
  }

  StructLayout struct() {
    return ModelLayout.structOf(bytes);
  }

  /**
   * Sets the sizes.
   *
   * @param length tokens of the one sequence
   * @param batch most tokens of a call
   * @param microBatch most tokens of a graph
   */
  void setSizes(MemorySegment params, int length, int batch, int microBatch) {
    params.set(JAVA_INT, LENGTH, length);
    params.set(JAVA_INT, BATCH, batch);
    params.set(JAVA_INT, MICRO_BATCH, microBatch);
  }

  /** Sets what keys and values are stored as, a number of {@code enum ggml_type}. */
  void setCacheType(MemorySegment params, int type) {
    params.set(JAVA_INT, keyType, type);
    params.set(JAVA_INT, valueType, type);
  }

  /** Sets the function that sees a graph's tensors. */
  void setCallback(MemorySegment params, MemorySegment function) {
    params.set(ADDRESS, callback, function);
  }

  /** Switches flash attention on or off; untouched, the library chooses. */
  void setFlashAttention(MemorySegment params, boolean on) {
    if (flashAttentionIsEnum()) {
      params.set(JAVA_INT, flashAttention, on ? 1 : 0);
    } else {
      params.set(JAVA_BYTE, flashAttention, (byte) (on ? 1 : 0));
    }
  }
}
