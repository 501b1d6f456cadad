package dev.mneme.djl;

import com.google.common.base.Preconditions;
import dev.mneme.store.hf.HuggingFaceConfig;
import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import dev.mneme.store.hf.HuggingFaceModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where each weight of a model lies in the list of tensors that {@link InferenceScript} is given:
 * block after block alike, so that the script can walk through them. A matrix in 8 bits takes two
 * places, the second for its scales.
 */
final class WeightSlots {

  /** What a weight is for, which decides its numbers. */
  enum Kind {
    /** Rows are looked up. */
    TABLE,
    MATRIX,
    /** Added to what a matrix gave. */
    BIAS,
    NORM
  }

  /**
   * One weight.
   *
   * @param source its name in the files
   * @param inOut whether it is a matrix stored [in, out], as GPT-2's blocks have them
   */
  record Slot(String source, Kind kind, boolean inOut) {}

  private static final String EMBEDDING = "token_embd.weight";
  private static final String HEAD = "output.weight";

  private final List<Slot> slots = new ArrayList<>();
  private final Map<String, Integer> places = new HashMap<>();
  private int size;

  private final int layers;
  private final boolean inOut;

  private WeightSlots(HuggingFaceConfig config) {
    layers = config.layers();
    inOut = config.architecture() == Architecture.GPT2;
  }

  static WeightSlots of(HuggingFaceModel model, WeightPrecision precision) {
    var slots = new WeightSlots(model.config());
    int ofMatrix = precision == WeightPrecision.INT8 ? 2 : 1;
    Map<String, String> sources = model.tensorsByPart();
    sources.forEach(
        (part, source) -> {
          if (!part.equals(HEAD)) {
            slots.add(part, source, ofMatrix);
          }
        });
    String embedding = Preconditions.checkNotNull(sources.get(EMBEDDING));
    if (!model.config().tied()) {
      slots.add(HEAD, Preconditions.checkNotNull(sources.get(HEAD)), ofMatrix);
    } else if (precision == WeightPrecision.INT8) {
      slots.add(HEAD, embedding, ofMatrix);
    } else {
      slots.places.put(HEAD, slots.at(EMBEDDING));
    }
    return slots;
  }

  private void add(String part, String source, int ofMatrix) {
    Kind kind = kind(part);
    slots.add(new Slot(source, kind, inOut && kind == Kind.MATRIX && part.startsWith("blk.")));
    places.put(part, size);
    size += kind == Kind.MATRIX ? ofMatrix : 1;
  }

  private static Kind kind(String part) {
    if (part.endsWith("_norm.weight") || part.endsWith("_norm.bias")) {
      return Kind.NORM;
    }
    if (part.endsWith(".bias")) {
      return Kind.BIAS;
    }
    return part.endsWith("_embd.weight") ? Kind.TABLE : Kind.MATRIX;
  }

  /** All weights, in the list's order. */
  List<Slot> slots() {
    return slots;
  }

  /** The place of a part of the whole network. */
  int at(String part) {
    return Preconditions.checkNotNull(places.get(part), "no place for %s", part);
  }

  /** The place of the first block's first weight. */
  int firstBlock() {
    return at("blk.0.attn_norm.weight"); // with which every family's blocks begin
  }

  /** Places that a block takes. */
  int perBlock() {
    return (at("output_norm.weight") - firstBlock()) / layers;
  }

  /** The place of a block's part, {@code attn_q.weight}, counted from the block's first. */
  int inBlock(String part) {
    return at("blk.0." + part) - firstBlock();
  }

  /** Whether blocks have a part. */
  boolean hasInBlock(String part) {
    return places.containsKey("blk.0." + part);
  }
}
