package dev.mneme.llamacpp.internal;

import com.google.common.base.Splitter;
import java.util.ArrayList;
import java.util.List;

/**
 * What the default functions of releases of llama.cpp wrote when they were called on Linux x86_64,
 * and where include/llama.h of these releases puts the members that Mneme uses.
 */
final class KnownReleases {

  /**
   * One release's struct of defaults.
   *
   * @param tag of the release
   * @param layout the constant it is known as
   */
  record Defaults(String tag, String layout, StructImage image) {
    @Override
    public String toString() {
      return tag;
    }
  }

  /** Releases | layout | extent | bytes not written | values that are not zero. */
  private static final String MODELS =
      """
      b4916 b4980 | B4916 | 64 | | 12=1 57=true
      b5590 b5640 | B5590 | 72 | | 20=1 65=true
      b6122 | B5590 | 69 | 28-31 | 20=1 65=true 68=true
      b6431 b6673 | B5590 | 69 | 28-31 | 16=999 20=1 65=true 68=true
      b7347 | B5590 | 70 | 28-31 | 16=999 20=1 65=true 68=true
      b7698 | B5590 | 72 | 28-31 | 16=-1 20=1 65=true 66=true 69=true
      b8095 b8121 b8179 b8352 b9842 | B5590 | 72 | 28-31 | 16=-1 20=1 65=true 69=true
      b10361 | B10361 | 70 | | 16=-1 20=1 24=1 66=true
      v0.4.0 v0.5.0 | V0_4_0 | 78 | 36-39 | 16=-1 20=1 24=-1 28=1 74=true
      """;

  private static final String CONTEXTS =
      """
      b4916 b4980 | B4916 | 120 | 68-71 101-103 | 0=512 4=2048 8=512 12=1 16=4 20=4 \
      24=-1 28=-1 32=-1 44=-1f 48=1f 52=32f 56=1f 64=-1f 88=1 92=1 98=true 100=true
      b5590 b5640 | B5590 | 118 | 68-71 | 0=512 4=2048 8=512 12=1 16=4 20=4 \
      24=-1 28=-1 32=-1 44=-1f 48=1f 52=32f 56=1f 64=-1f 88=1 92=1 \
      113=true 115=true 116=true 117=true
      b6122 | B5590 | 119 | 68-71 | 0=512 4=2048 8=512 12=1 16=4 20=4 \
      24=-1 28=-1 32=-1 44=-1f 48=1f 52=32f 56=1f 64=-1f 88=1 92=1 \
      113=true 115=true 116=true 117=true
      b6431 | B6431 | 118 | | 0=512 4=2048 8=512 12=1 16=4 20=4 \
      24=-1 28=-1 32=-1 36=-1 48=-1f 52=1f 56=32f 60=1f 68=-1f 88=1 92=1 \
      113=true 114=true 115=true 116=true
      b6673 b7347 | B6431 | 118 | | 0=512 4=2048 8=512 12=1 16=4 20=4 \
      24=-1 28=-1 32=-1 36=-1 48=-1f 52=-1f 56=-1f 60=-1f 68=-1f 88=1 92=1 \
      113=true 114=true 115=true 116=true
      b7698 b8095 b8121 b8179 b8352 | B7698 | 136 | 118-119 | 0=512 4=2048 8=512 12=1 16=4 20=4 \
      24=-1 28=-1 32=-1 36=-1 48=-1f 52=-1f 56=-1f 60=-1f 68=-1f 88=1 92=1 \
      113=true 114=true 115=true 116=true
      b9842 | B9842 | 160 | 84-87 134-135 | 0=512 4=2048 8=512 12=1 24=4 28=4 \
      36=-1 40=-1 44=-1 48=-1 60=-1f 64=-1f 68=-1f 72=-1f 80=-1f 104=1 108=1 \
      129=true 130=true 131=true 132=true
      b10361 v0.4.0 v0.5.0 | B10361 | 160 | 134-135 | 0=512 4=2048 8=512 12=1 24=1 28=4 32=4 \
      40=-1 44=-1 48=-1 52=-1 64=-1f 68=-1f 72=-1f 76=-1f 84=-1f 104=1 108=1 \
      129=true 130=true 131=true 132=true
      """;

  private static final Splitter WORDS = Splitter.on(' ').omitEmptyStrings();

  private KnownReleases() {}

  /** What {@code llama_model_default_params} of each release wrote. */
  static List<Defaults> models() {
    return read(MODELS);
  }

  /** What {@code llama_context_default_params} of each release wrote. */
  static List<Defaults> contexts() {
    return read(CONTEXTS);
  }

  private static List<Defaults> read(String table) {
    var all = new ArrayList<Defaults>();
    for (String row : table.lines().toList()) {
      List<String> cells = Splitter.on('|').trimResults().splitToList(row);
      for (String tag : WORDS.split(cells.get(0))) {
        all.add(
            new Defaults(
                tag,
                cells.get(1),
                StructImage.of(
                    tag,
                    Integer.parseInt(cells.get(2)),
                    WORDS.splitToList(cells.get(3)),
                    WORDS.splitToList(cells.get(4)))));
      }
    }
    return all;
  }

  /**
   * Where members of {@code llama_model_params} lie. {@code devices} is at 0.
   *
   * @param mappingBytes 4 for an enum, 1 for a bool
   */
  record ModelPlaces(int bytes, int gpuLayers, int splitMode, int mapping, int mappingBytes) {

    /** The same members in a struct of another length. */
    ModelPlaces ofBytes(int other) {
      return new ModelPlaces(other, gpuLayers, splitMode, mapping, mappingBytes);
    }
  }

  static ModelPlaces places(ModelLayout layout) {
    return switch (layout) {
      case B4916 -> new ModelPlaces(64, 8, 12, 57, 1);
      case B5590 -> new ModelPlaces(72, 16, 20, 65, 1);
      case B10361 -> new ModelPlaces(72, 16, 20, 24, 4);
      case V0_4_0 -> new ModelPlaces(80, 16, 20, 24, 4);
    };
  }

  /**
   * Where members of {@code llama_context_params} lie. The four sizes are at 0, 4, 8 and 12.
   *
   * @param enums the first of those that are -1 by default
   * @param callback {@code cb_eval}; its data follows
   * @param keyType {@code type_k}; {@code type_v} follows
   * @param flashAttentionBytes 4 for an enum, 1 for a bool
   */
  record ContextPlaces(
      int bytes,
      int enums,
      int enumCount,
      int callback,
      int keyType,
      int offload,
      int flashAttention,
      int flashAttentionBytes) {

    /** The same members in a struct of another length. */
    ContextPlaces ofBytes(int other) {
      return new ContextPlaces(
          other, enums, enumCount, callback, keyType, offload, flashAttention, flashAttentionBytes);
    }
  }

  static ContextPlaces places(ContextLayout layout) {
    return switch (layout) {
      case B4916 -> new ContextPlaces(120, 24, 3, 72, 88, 98, 99, 1);
      case B5590 -> new ContextPlaces(120, 24, 3, 72, 88, 113, 114, 1);
      case B6431 -> new ContextPlaces(120, 24, 4, 72, 88, 113, 36, 4);
      case B7698 -> new ContextPlaces(136, 24, 4, 72, 88, 113, 36, 4);
      case B9842 -> new ContextPlaces(160, 36, 4, 88, 104, 129, 48, 4);
      case B10361 -> new ContextPlaces(160, 40, 4, 88, 104, 129, 52, 4);
    };
  }
}
