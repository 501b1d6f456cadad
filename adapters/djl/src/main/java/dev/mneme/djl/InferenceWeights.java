package dev.mneme.djl;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.djl.WeightSlots.Kind;
import dev.mneme.djl.WeightSlots.Slot;
import dev.mneme.djl.internal.Script;
import dev.mneme.djl.internal.Torch;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.FloatReader;
import dev.mneme.store.safetensors.TensorInfo;
import dev.mneme.store.safetensors.TensorSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * A model's weights as tensors in the order of its {@link WeightSlots}. They are copies: nothing
 * that happens to the files afterwards changes them. Owns native memory.
 */
final class InferenceWeights implements AutoCloseable {

  private final PtNDManager manager = Torch.newManager();
  private final List<Arena> copies = new ArrayList<>();
  private final Script script;
  private final Path directory;
  private final TensorSource source;
  private final WeightPrecision precision;
  private final long largestBuffer;
  private final List<PtNDArray> tensors = new ArrayList<>();

  private InferenceWeights(
      Path directory,
      TensorSource source,
      WeightPrecision precision,
      Script script,
      long largestBuffer) {
    this.directory = directory;
    this.source = source;
    this.script = script;
    this.precision = precision;
    this.largestBuffer = largestBuffer;
  }

  /**
   * Reads all weights.
   *
   * @param directory for messages
   * @param script begins with {@link ScriptedWeights}
   * @param largestBuffer most bytes to hand to the engine in one buffer; a larger weight is put
   *     together from parts of whole rows
   * @throws MalformedFileException if a weight is not finite; names the tensor
   */
  static InferenceWeights read(
      Path directory,
      TensorSource source,
      WeightSlots slots,
      WeightPrecision precision,
      Script script,
      long largestBuffer) {
    var weights = new InferenceWeights(directory, source, precision, script, largestBuffer);
    try {
      slots.slots().forEach(weights::add);
      return weights;
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  /** Bfloat16 if all matrices of these names are stored so, else 32 bits. */
  static WeightPrecision storedPrecision(TensorSource source, Collection<String> names) {
    boolean bfloat16 =
        names.stream()
            .map(name -> source.tensors().get(name))
            .filter(info -> info != null && info.shape().size() == 2)
            .allMatch(info -> info.dtype() == Dtype.BF16);
    return bfloat16 ? WeightPrecision.BFLOAT16 : WeightPrecision.FLOAT32;
  }

  /** The tensors; they stay this object's. */
  List<PtNDArray> tensors() {
    return tensors;
  }

  private void add(Slot slot) {
    TensorInfo info = source.tensors().get(slot.source());
    if (info == null) {
      throw new IllegalStateException(slot.source() + " passed the check");
    }
    var copies = new Copies();
    try (copies;
        PtNDManager passing = (PtNDManager) manager.newSubManager()) {
      PtNDArray stored = stored(passing, info, source.data(slot.source()), copies);
      requireFinite(slot.source(), stored);
      PtNDArray matrix = slot.inOut() ? run("transposed", stored) : stored;
      if (slot.kind() == Kind.MATRIX && precision == WeightPrecision.INT8) {
        addRounded(slot.source(), matrix);
      } else {
        WeightPrecision numbers = slot.kind() == Kind.NORM ? WeightPrecision.FLOAT32 : precision;
        int type = numbers.products();
        tensors.add(converted(matrix, type)); // the same storage where nothing needs converting
        if (info.dtype() == (numbers == WeightPrecision.FLOAT32 ? Dtype.F32 : Dtype.BF16)) {
          copies.keep();
        }
      }
    }
  }

  private void addRounded(String name, PtNDArray matrix) {
    if (matrix.getShape().size() > Integer.MAX_VALUE) {
      throw new MnemeException(
          "%s: the matrix %s has %d numbers, and PyTorch's products in 8 bits count them in 31 bits; choose bfloat16"
              .formatted(directory, name, matrix.getShape().size()));
    }
    try (IValue argument = IValue.from(matrix);
        IValue pair = script.run("rounded", argument)) {
      tensors.addAll(List.of(pair.toTensorArray(manager)));
    }
  }

  private PtNDArray converted(PtNDArray tensor, int type) {
    try (IValue argument = IValue.from(tensor);
        IValue code = IValue.from((long) type);
        IValue result = script.run("converted", argument, code)) {
      return result.toTensor(manager);
    }
  }

  private PtNDArray run(String method, PtNDArray tensor) {
    try (IValue argument = IValue.from(tensor);
        IValue result = script.run(method, argument)) {
      return result.toTensor(tensor.getManager());
    }
  }

  private void requireFinite(String name, PtNDArray tensor) {
    try (IValue argument = IValue.from(tensor);
        IValue finite = script.run("finite", argument)) {
      if (!finite.toBoolean()) {
        throw new MalformedFileException(
            "%s: the tensor %s holds a number that is not finite; the file is damaged, or its training diverged"
                .formatted(directory, name));
      }
    }
  }

  /** Copies of one weight's bytes, which go with the reading of it unless the weight lies there. */
  private final class Copies implements AutoCloseable {

    private final Arena arena = Arena.ofShared();
    private boolean kept;

    void keep() {
      kept = true;
    }

    @Override
    public void close() {
      if (kept) {
        copies.add(arena);
      } else {
        arena.close();
      }
    }
  }

  /** A tensor over a copy of the bytes, in parts where one buffer cannot hold them. */
  private PtNDArray stored(PtNDManager owner, TensorInfo info, MemorySegment data, Copies copies) {
    if (data.byteSize() <= largestBuffer) {
      return stored(owner, info, info.shape(), data, copies);
    }
    long rows = info.shape().getFirst();
    long rowBytes = data.byteSize() / rows;
    long rowsPerPart = Math.max(1, largestBuffer / rowBytes);
    List<PtNDArray> parts = new ArrayList<>();
    for (long row = 0; row < rows; row += rowsPerPart) {
      long count = Math.min(rowsPerPart, rows - row);
      List<Long> shape = new ArrayList<>(info.shape());
      shape.set(0, count);
      parts.add(stored(owner, info, shape, data.asSlice(row * rowBytes, count * rowBytes), copies));
    }
    try (IValue argument = Script.list(parts);
        IValue result = script.run("joined", argument)) {
      return result.toTensor(owner);
    }
  }

  /**
   * A tensor over a copy of the bytes. The files are mapped, and PyTorch reading a mapped file that
   * another process shortens would end the JVM; a copy made in Java fails with a message.
   */
  private PtNDArray stored(
      PtNDManager owner, TensorInfo info, List<Long> size, MemorySegment data, Copies copies) {
    int bytes = info.dtype().bits() / Byte.SIZE;
    MemorySegment copy = copies.arena.allocate(data.byteSize(), bytes);
    FloatReader.copy(data, copy);
    Shape shape = new Shape(size.stream().mapToLong(Long::longValue).toArray());
    ByteBuffer buffer = copy.asByteBuffer();
    return switch (info.dtype()) {
      case F32 -> owner.create(buffer, shape, DataType.FLOAT32);
      case F64 -> owner.create(buffer, shape, DataType.FLOAT64);
      case F16 -> owner.create(buffer, shape, DataType.FLOAT16);
      case BF16 -> bfloat16(owner.create(buffer, shape, DataType.FLOAT16));
      default -> throw new IllegalStateException(info.name() + " passed the check");
    };
  }

  /** The engine has no name for bfloat16; its script does. */
  private PtNDArray bfloat16(PtNDArray bits) {
    long[] size = bits.getShape().getShape();
    long[] stride = new long[size.length];
    long step = 1;
    for (int i = size.length - 1; i >= 0; i--) {
      stride[i] = step;
      step *= size[i];
    }
    try (IValue argument = IValue.from(bits);
        IValue sizes = IValue.listFrom(size);
        IValue strides = IValue.listFrom(stride);
        IValue result = script.run("reinterpreted", argument, sizes, strides)) {
      return result.toTensor(bits.getManager());
    }
  }

  @Override
  public void close() {
    manager.close();
    copies.forEach(Arena::close);
  }
}
