package dev.mneme.djl;

import com.google.common.base.Preconditions;
import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import dev.mneme.store.hf.HuggingFaceModel;
import dev.mneme.store.hf.MlpGgufNames;
import dev.mneme.store.hf.MlpShape;
import dev.mneme.store.hf.NetworkShape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where each weight of a network lies in the list of tensors that its script is given: block after
 * block alike, so that the script can walk through them. A matrix in 8 bits takes two places, the
 * second for its scales. Parts go by their names in GGUF files.
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
  private static final Pattern NAME = Pattern.compile("\\$\\{(\\w+)}");
  private static final String HEAD = "output.weight";

  private final List<Slot> slots = new ArrayList<>();
  private final Map<String, Integer> places = new HashMap<>();
  private int size;

  private final int layers;
  private final boolean inOut;

  private WeightSlots(NetworkShape network) {
    layers = network.layers();
    inOut = network.architecture() == Architecture.GPT2;
  }

  /** The slots of an MLP Memory. */
  static WeightSlots of(MlpShape shape, WeightPrecision precision) {
    var slots = new WeightSlots(shape);
    for (MlpShape.Tensor tensor : shape.tensors()) {
      slots.add(MlpGgufNames.nameOf(tensor), tensor.name(), placesOfMatrix(precision));
    }
    return slots;
  }

  /** The slots of a decoder. */
  static WeightSlots of(HuggingFaceModel model, WeightPrecision precision) {
    var slots = new WeightSlots(model.config());
    int ofMatrix = placesOfMatrix(precision);
    Map<String, String> sources = model.tensorsByPart();
    sources.forEach(
        (part, source) -> {
          if (!part.equals(HEAD)) {
            slots.add(part, source, ofMatrix);
          }
        });
    String embedding = Preconditions.checkNotNull(sources.get(EMBEDDING));
    if (!model.tied()) {
      slots.add(HEAD, Preconditions.checkNotNull(sources.get(HEAD)), ofMatrix);
    } else if (precision == WeightPrecision.INT8) {
      slots.add(HEAD, embedding, ofMatrix);
    } else {
      slots.places.put(HEAD, slots.at(EMBEDDING));
    }
    return slots;
  }

  private static int placesOfMatrix(WeightPrecision precision) {
    return precision == WeightPrecision.INT8 ? 2 : 1;
  }

  private void add(String part, String source, int ofMatrix) {
    Kind kind = kind(part);
    slots.add(new Slot(source, kind, inOut && kind == Kind.MATRIX && part.startsWith("blk.")));
    places.put(part, size);
    size += kind == Kind.MATRIX ? ofMatrix : 1;
  }

  private static Kind kind(String part) {
    if (part.endsWith("norm.weight") || part.endsWith("norm.bias")) {
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

  /**
   * Fills a script's text. {@code ${attn_q_of_h}} becomes the product of the matrix {@code attn_q}
   * and {@code h}, with its bias where it has one; {@code ${ffn_norm}} the norm's place. What is a
   * block's is counted from {@code at}, the place of the block's first weight, which {@code
   * ${BLOCK}} is for the block {@code l}. The rest is taken from {@code sizes}.
   */
  String fill(String template, Map<String, String> sizes) {
    return NAME.matcher(template)
        .replaceAll(
            match -> {
              String name = match.group(1);
              String size = name.equals("BLOCK") ? placeOfBlock() : sizes.get(name);
              return Matcher.quoteReplacement(size != null ? size : place(name));
            });
  }

  private String placeOfBlock() {
    int first = firstOfBlocks();
    int each = (at("output_norm.weight") - first) / layers;
    return "torch.add(%d, torch.mul(l, %d))".formatted(first, each);
  }

  private String place(String name) {
    int of = name.indexOf("_of_");
    if (of < 0) {
      return placeOf(name + ".weight");
    }
    String matrix = name.substring(0, of);
    boolean biased =
        places.containsKey("blk.0." + matrix + ".bias") || places.containsKey(matrix + ".bias");
    return "self.%s(%s, ws, %s)"
        .formatted(
            biased ? "biased" : "product",
            name.substring(of + "_of_".length()),
            placeOf(matrix + ".weight"));
  }

  private String placeOf(String part) {
    Integer whole = places.get(part);
    return whole != null
        ? whole.toString()
        : "torch.add(at, %d)".formatted(at("blk.0." + part) - firstOfBlocks());
  }

  private int firstOfBlocks() {
    return places.entrySet().stream()
        .filter(place -> place.getKey().startsWith("blk.0."))
        .mapToInt(Map.Entry::getValue)
        .min()
        .orElseThrow();
  }

  private int at(String part) {
    return Preconditions.checkNotNull(places.get(part), "no place for %s", part);
  }
}
