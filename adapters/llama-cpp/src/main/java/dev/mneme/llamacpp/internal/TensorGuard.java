package dev.mneme.llamacpp.internal;

import com.google.common.collect.ImmutableSet;
import dev.mneme.MalformedFileException;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.gguf.GgufTensor;
import dev.mneme.store.gguf.GgufType;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Refuses tensors that llama.cpp loads and asserts on while it computes: of a type without
 * arithmetic for what is done with them, or of a shape that its heads cannot be cut from. Shapes
 * that it compares itself are left to it.
 */
final class TensorGuard {

  private static final Pattern OF_BLOCK = Pattern.compile("blk\\.(\\d{1,9})\\.(.+)");

  /** Read but never multiplied by: a weight of these types meets an empty kernel. */
  private static final Set<GgufType> NO_WEIGHTS =
      ImmutableSet.of(GgufType.I8, GgufType.I16, GgufType.I32, GgufType.I64, GgufType.F64);

  /** Matrices of which rows are taken by number. */
  private static final Set<String> LOOKED_UP =
      ImmutableSet.of(
          "token_embd.weight",
          "position_embd.weight",
          "token_types.weight",
          "per_layer_token_embd.weight");

  private static final int MOST_DIMENSIONS = 4;

  private final GgufFile file;
  private final ModelShape shape;

  private TensorGuard(GgufFile file, ModelShape shape) {
    this.file = file;
    this.shape = shape;
  }

  /**
   * Checks all tensors of a file.
   *
   * @throws MalformedFileException naming the tensor
   */
  static void check(GgufFile file, ModelShape shape) {
    var guard = new TensorGuard(file, shape);
    guard.checkEmbedding();
    for (GgufTensor tensor : file.tensors().values()) {
      guard.checkType(tensor);
      guard.checkRank(tensor);
      if (shape.architecture().hasPlainHeads()) {
        guard.checkHeads(tensor);
      }
    }
  }

  private void checkEmbedding() {
    GgufTensor embedding = file.tensors().get("token_embd.weight");
    if (embedding == null
        || embedding.dims().size() != 2
        || embedding.dims().getFirst() != shape.width()) {
      throw malformed(
          "token_embd.weight",
          "should be a matrix of rows of %d, but is %s"
              .formatted(shape.width(), embedding == null ? "missing" : embedding.dims()));
    }
  }

  private void checkType(GgufTensor tensor) {
    if (NO_WEIGHTS.contains(tensor.type())) {
      throw malformed(
          tensor.name(), "is stored as %s, which no weight is".formatted(tensor.type()));
    }
    // Norms, biases and scales are added and multiplied element by element, in 32 bits only.
    boolean added = isElementwise(tensor.name()) || (isVector(tensor) && !isGate(tensor.name()));
    if (added && tensor.type() != GgufType.F32) {
      throw malformed(
          tensor.name(),
          "has dimensions %s and is stored as %s, but what is added or multiplied element by element must be F32"
              .formatted(tensor.dims(), tensor.type()));
    }
  }

  /**
   * The library tries, before it compares shapes, which device can look up rows or multiply: that
   * asserts on dimensions that matrices do not have.
   */
  private void checkRank(GgufTensor tensor) {
    String name = tensor.name();
    int most = MOST_DIMENSIONS;
    if (name.contains("_exps.")) {
      most = MOST_DIMENSIONS - 1;
    } else if (shape.architecture().hasPlainHeads() || LOOKED_UP.contains(name)) {
      most = 2;
    }
    if (rank(tensor) > most) {
      throw malformed(
          name, "is %s, but must have %d dimensions at most".formatted(tensor.dims(), most));
    }
  }

  private static boolean isVector(GgufTensor tensor) {
    return rank(tensor) <= 1;
  }

  /** The gate of a shared expert is a matrix with one output: the library multiplies by it. */
  private static boolean isGate(String name) {
    return name.endsWith(".ffn_gate_inp_shexp.weight");
  }

  /** Lengths of 1 at the end say nothing: to ggml every tensor has four. */
  private static int rank(GgufTensor tensor) {
    int rank = tensor.dims().size();
    while (rank > 0 && tensor.dims().get(rank - 1) == 1) {
      rank--;
    }
    return rank;
  }

  private static boolean isElementwise(String name) {
    return name.endsWith(".bias")
        || name.endsWith(".scale")
        || name.endsWith(".scales")
        || name.endsWith("_norm.weight")
        || name.endsWith("_norm_2.weight")
        || name.endsWith("rope_freqs.weight")
        || name.contains("rope_factors_");
  }

  /**
   * Some architectures ask for square matrices whatever the heads, and later cut them into heads.
   */
  private void checkHeads(GgufTensor tensor) {
    Matcher name = OF_BLOCK.matcher(tensor.name());
    if (!name.matches() || Long.parseLong(name.group(1)) >= shape.blocks()) {
      return;
    }
    int block = Integer.parseInt(name.group(1));
    long queries = shape.heads().get(block) * shape.keyLength();
    long keys = shape.pairs().get(block) * shape.keyLength();
    long values = shape.pairs().get(block) * shape.valueLength();
    switch (name.group(2)) {
      case "attn_q.weight" -> requireDims(tensor, List.of(shape.width(), queries));
      case "attn_k.weight" -> requireDims(tensor, List.of(shape.width(), keys));
      case "attn_v.weight" -> requireDims(tensor, List.of(shape.width(), values));
      case "attn_qkv.weight" ->
          requireDims(tensor, List.of(shape.width(), queries + keys + values));
      case "attn_q.bias" -> requireDims(tensor, List.of(queries));
      case "attn_k.bias" -> requireDims(tensor, List.of(keys));
      case "attn_v.bias" -> requireDims(tensor, List.of(values));
      case "attn_qkv.bias" -> requireDims(tensor, List.of(queries + keys + values));
      default -> {}
    }
  }

  private void requireDims(GgufTensor tensor, List<Long> expected) {
    List<Long> dims = tensor.dims();
    boolean same =
        dims.size() >= expected.size()
            && dims.subList(0, expected.size()).equals(expected)
            && dims.stream().skip(expected.size()).allMatch(length -> length == 1);
    if (!same) {
      throw malformed(tensor.name(), "is %s, but its heads make %s".formatted(dims, expected));
    }
  }

  private MalformedFileException malformed(String tensor, String problem) {
    return new MalformedFileException("%s: %s %s".formatted(file.path(), tensor, problem));
  }
}
