package dev.mneme.benchmarks.schema;

import dev.mneme.benchmarks.schema.Change.Kind;
import dev.mneme.benchmarks.schema.GgufDraft.Tensor;
import dev.mneme.store.gguf.GgufType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Changes to the tensors of a base file. The data follows the new type and shape. */
final class TensorChanges {

  /** Numbers of types: all that exist, and some beyond. */
  private static final int[] TYPES = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
    26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 255, -1
  };

  /** More data than this is not made; the file is then too short, which is a fault as well. */
  private static final long MOST_DATA = 1 << 22;

  private TensorChanges() {}

  /** Every tensor with every rank, type and shape, absent, doubled and renamed. */
  static List<Change> own(GgufDraft base) {
    var changes = new ArrayList<Change>();
    for (Tensor tensor : ofDifferentNames(base)) {
      String name = tensor.name();
      ranks(tensor.dims()).forEach(dims -> changes.add(reshape(Kind.TENSOR_RANK, name, dims)));
      shapes(tensor.dims()).forEach(dims -> changes.add(reshape(Kind.TENSOR_SHAPE, name, dims)));
      for (int type : TYPES) {
        changes.add(
            change(Kind.TENSOR_TYPE, name, "of type " + type, old -> resized(old.withType(type))));
        if (GgufType.withId(type).isPresent()) {
          changes.add(
              change(
                  Kind.TENSOR_RANK,
                  name,
                  "of type %d with a second dimension of 1".formatted(type),
                  old -> resized(old.withType(type).withDims(with(old.dims(), 1)))));
        }
      }
      changes.add(
          new Change(
              Kind.TENSOR_PLACE,
              name + " absent",
              draft -> draft.tensors().removeIf(old -> old.name().equals(name))));
      changes.add(
          new Change(Kind.TENSOR_PLACE, name + " twice", draft -> draft.tensors().add(tensor)));
      Stream.of(tensor.name() + "x", "token_embd.weight", "blk.9.attn_q.weight", "")
          .forEach(
              other ->
                  changes.add(
                      change(Kind.TENSOR_PLACE, name, "as " + other, old -> old.withName(other))));
      changes.add(
          change(
              Kind.TENSOR_PLACE, name, "with a long name", old -> old.withName("n".repeat(100))));
    }
    return changes;
  }

  /** Tensors that the library knows and this file lacks, of likely shapes and several types. */
  static List<Change> foreign(GgufDraft base) {
    var changes = new ArrayList<Change>();
    Stream.concat(
            KnownNames.TENSORS.stream(),
            KnownNames.BLOCK_TENSORS.stream().map(name -> "blk.0." + name))
        .filter(name -> base.tensors().stream().noneMatch(old -> old.name().equals(name)))
        .forEach(name -> addForeign(changes, name));
    return changes;
  }

  private static void addForeign(List<Change> changes, String name) {
    long width = BaseModel.WIDTH;
    for (List<Long> dims :
        List.of(
            List.of(width),
            List.of(width, 1L),
            List.of(1L),
            List.of(width / 2),
            List.of(width / 4),
            List.of(width / 8),
            List.of(width / 8, 1L),
            List.of(2 * width),
            List.of(width, width),
            List.of(width, width / 2),
            List.of(width, width, 4L))) {
      for (int type : new int[] {0, 1, 8, 26}) {
        Tensor tensor = resized(new Tensor(name, dims, type, new byte[0]));
        changes.add(
            new Change(
                Kind.FOREIGN_TENSOR,
                "%s of %s, type %d added".formatted(name, dims, type),
                draft -> draft.tensors().add(tensor)));
      }
    }
  }

  /** Of the blocks, the first and the last: those between are like them. */
  private static List<Tensor> ofDifferentNames(GgufDraft base) {
    String last =
        base.tensors().stream()
            .map(Tensor::name)
            .filter(name -> name.startsWith("blk."))
            .map(name -> name.substring(0, name.indexOf('.', 4) + 1))
            .max(String::compareTo)
            .orElse("blk.0.");
    return base.tensors().stream()
        .filter(
            tensor ->
                !tensor.name().startsWith("blk.")
                    || tensor.name().startsWith("blk.0.")
                    || tensor.name().startsWith(last))
        .toList();
  }

  private static List<List<Long>> ranks(List<Long> dims) {
    long all = dims.stream().reduce(1L, (a, b) -> a * b);
    return List.of(
        List.of(),
        List.of(all),
        List.of(all, 1L),
        List.of(1L, all),
        List.of(1L, 1L, 1L, all),
        with(dims, 1),
        with(dims, 1, 1),
        with(dims, 2),
        with(dims, 1, 2),
        with(with(dims, 1, 1), 1, 1));
  }

  private static List<Long> with(List<Long> dims, long... more) {
    var all = new ArrayList<>(dims);
    Arrays.stream(more).forEach(all::add);
    return List.copyOf(all);
  }

  private static List<List<Long>> shapes(List<Long> dims) {
    var shapes = new ArrayList<List<Long>>();
    for (int i = 0; i < dims.size(); i++) {
      long dim = dims.get(i);
      for (long other :
          new long[] {0, 1, dim - 1, dim + 1, dim / 2, 2 * dim, dim + 32, 1L << 31, 1L << 62, -1}) {
        var shape = new ArrayList<>(dims);
        shape.set(i, other);
        shapes.add(List.copyOf(shape));
      }
    }
    var transposed = new ArrayList<>(dims);
    Collections.reverse(transposed);
    shapes.add(List.copyOf(transposed));
    return shapes;
  }

  private static Change reshape(Kind kind, String name, List<Long> dims) {
    return change(kind, name, "of " + dims, old -> resized(old.withDims(dims)));
  }

  private static Change change(
      Kind kind, String name, String what, UnaryOperator<Tensor> operation) {
    return new Change(
        kind,
        name + " " + what,
        draft ->
            draft.tensors().stream()
                .filter(tensor -> tensor.name().equals(name))
                .findFirst()
                .ifPresent(old -> draft.replace(name, operation.apply(old))));
  }

  /** With as much data as type and shape ask for, if there is such an amount. */
  private static Tensor resized(Tensor tensor) {
    GgufType type = GgufType.withId(tensor.type()).orElse(GgufType.F32);
    try {
      long bytes = type.tensorBytes(tensor.dims());
      if (bytes < 0 || bytes > MOST_DATA) {
        return tensor;
      }
      return new Tensor(
          tensor.name(), tensor.dims(), tensor.type(), Arrays.copyOf(tensor.data(), (int) bytes));
    } catch (ArithmeticException | IllegalArgumentException e) {
      return tensor;
    }
  }
}
