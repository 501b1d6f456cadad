package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.util.Arrays;
import java.util.List;

/**
 * The layouts that {@code struct llama_model_params} (include/llama.h) has had, oldest first, each
 * named for the first release it was seen in. A layout is recognised by what {@code
 * llama_model_default_params} writes, never by a version: packagers name versions as they like.
 *
 * <p>The default of {@code n_gpu_layers} went from 0 to 999 to -1 (all), so it is always set.
 */
enum ModelLayout {
  B4916("b4916 to b4980", 64, 8, false, 57),
  /** {@code tensor_buft_overrides} before the rest. */
  B5590("b5590 to b9842", 72, 16, false, 65),
  /** An enum of ways to load instead of bools. */
  B10361("b10361", 72, 16, true, 24),
  /** {@code lazy_mode}. */
  V0_4_0("v0.4.0 to v0.5.0", 80, 16, true, 24);

  private static final int DEVICES = 0; // the first member of every layout
  private static final int LOAD_MODE_NONE = 0;
  private static final List<Integer> LOAD_MODES = List.of(-1, 1); // by itself, mapped

  private final String seen;
  private final int bytes;
  private final int gpuLayers;
  private final int splitMode;
  private final boolean loadModes;
  private final int mapping;

  /**
   * One layout.
   *
   * @param seen the first and the last release it was seen in
   * @param gpuLayers where {@code n_gpu_layers} lies; {@code split_mode} follows it
   * @param loadModes whether {@code mapping} is the enum {@code load_mode} or the bool {@code
   *     use_mmap}
   */
  ModelLayout(String seen, int bytes, int gpuLayers, boolean loadModes, int mapping) {
    this.seen = seen;
    this.bytes = bytes;
    this.gpuLayers = gpuLayers;
    this.splitMode = gpuLayers + Integer.BYTES;
    this.loadModes = loadModes;
    this.mapping = mapping;
  }

  /** A struct that is passed in memory and so needs no more than its length. */
  static StructLayout structOf(int bytes) {
    return MemoryLayout.structLayout(
        MemoryLayout.sequenceLayout(bytes / Long.BYTES, JAVA_LONG).withName("words"));
  }

  /** The layouts that these defaults fit: one, or none. */
  static List<ModelLayout> fitting(DefaultBytes defaults) {
    return Arrays.stream(values()).filter(layout -> layout.fits(defaults)).toList();
  }

  private boolean fits(DefaultBytes defaults) {
    boolean mapped =
        loadModes
            ? LOAD_MODES.stream().anyMatch(mode -> defaults.isInt(mapping, mode))
            : defaults.isBool(mapping, true);
    return defaults.length() == bytes
        && defaults.isNull(DEVICES)
        && defaults.firstInt(0, 1) == splitMode
        && mapped;
  }

  /** The first and the last release it was seen in. */
  String seen() {
    return seen;
  }

  StructLayout struct() {
    return structOf(bytes);
  }

  void setGpuLayers(MemorySegment params, int layers) {
    params.set(JAVA_INT, gpuLayers, layers);
  }

  /**
   * Says where layers may run.
   *
   * @param devices a list that ends with a null pointer; it is read while the model is loaded
   */
  void setDevices(MemorySegment params, MemorySegment devices) {
    params.set(ADDRESS, DEVICES, devices);
  }

  /** Reads the file instead of mapping it, which is the default. */
  void setUnmapped(MemorySegment params) {
    if (loadModes) {
      params.set(JAVA_INT, mapping, LOAD_MODE_NONE);
    } else {
      params.set(JAVA_BYTE, mapping, (byte) 0);
    }
  }
}
