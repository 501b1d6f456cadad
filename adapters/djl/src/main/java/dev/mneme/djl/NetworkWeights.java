package dev.mneme.djl;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import dev.mneme.MalformedFileException;
import dev.mneme.djl.internal.Torch;
import dev.mneme.store.gguf.GgufType;
import dev.mneme.store.gguf.RowEncoder;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.FloatReader;
import dev.mneme.store.safetensors.SafeTensorsWriter;
import dev.mneme.store.safetensors.TensorInfo;
import dev.mneme.store.safetensors.TensorSource;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A network's weights as 32-bit tensors in the order of its script: matrices that are multiplied
 * with the same input lie in one tensor, row after row. Owns native memory.
 */
final class NetworkWeights implements AutoCloseable {

  /** A published tensor's place: rows of it lie in a tensor. Vectors have no columns. */
  record Part(String name, int rows, int columns) {

    List<Long> shape() {
      return columns == 0 ? List.of((long) rows) : List.of((long) rows, (long) columns);
    }

    int size() {
      return Math.multiplyExact(rows, Math.max(1, columns));
    }

    /** Whether what it computes is added to the residual stream. */
    private boolean isResidual() {
      return name.endsWith("o_proj.weight")
          || name.endsWith("down_proj.weight")
          || name.endsWith("c_proj.weight");
    }
  }

  private final PtNDManager manager = Torch.newManager();
  private final List<List<Part>> layout;
  private final List<PtNDArray> tensors = new ArrayList<>();

  private NetworkWeights(List<List<Part>> layout) {
    this.layout = layout;
  }

  /**
   * Normal with deviation 0.02, as GPT-2 and Llama start; the matrices that write into the residual
   * stream are smaller by √(their number) (GPT-2 paper, section 2.3); norms 1, biases 0.
   *
   * @param layout published tensors, grouped by the tensor that holds them
   */
  static NetworkWeights random(List<List<Part>> layout, long seed) {
    var weights = new NetworkWeights(layout);
    var random = new Random(seed);
    double residuals = layout.stream().flatMap(List::stream).filter(Part::isResidual).count();
    for (List<Part> parts : layout) {
      float[] values = new float[size(parts)];
      Part first = parts.getFirst();
      if (first.columns() == 0) {
        Arrays.fill(values, first.name().endsWith("bias") ? 0 : 1);
      } else {
        double deviation = first.isResidual() ? 0.02 / Math.sqrt(residuals) : 0.02;
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) (random.nextGaussian() * deviation);
        }
      }
      weights.add(parts, values);
    }
    return weights;
  }

  /**
   * Reads weights published under their usual names.
   *
   * @throws MalformedFileException if a tensor is missing, has another shape or holds a number that
   *     is not finite
   */
  static NetworkWeights read(List<List<Part>> layout, TensorSource source) {
    var weights = new NetworkWeights(layout);
    try {
      for (List<Part> parts : layout) {
        float[] values = new float[size(parts)];
        int at = 0;
        for (Part part : parts) {
          TensorInfo info = source.tensors().get(part.name());
          if (info == null || !info.shape().equals(part.shape())) {
            throw new MalformedFileException(
                "expected the tensor %s of shape %s, found %s"
                    .formatted(part.name(), part.shape(), info == null ? "none" : info.shape()));
          }
          float[] rows = new float[part.size()];
          FloatReader.read(info.dtype(), source.data(part.name()), 0, rows, rows.length);
          requireFinite(part, rows);
          System.arraycopy(rows, 0, values, at, rows.length);
          at += rows.length;
        }
        weights.add(parts, values);
      }
      return weights;
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  private static void requireFinite(Part part, float[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new MalformedFileException(
            "the tensor %s holds %s as its number %d, expected finite numbers; the file is damaged, or its training diverged"
                .formatted(part.name(), values[i], i));
      }
    }
  }

  /** The same weights in tensors of their own. */
  NetworkWeights copy() {
    var copy = new NetworkWeights(layout);
    for (int i = 0; i < tensors.size(); i++) {
      copy.add(layout.get(i), tensors.get(i).toFloatArray());
    }
    return copy;
  }

  private static int size(List<Part> parts) {
    return parts.stream().mapToInt(Part::size).sum();
  }

  private void add(List<Part> parts, float[] values) {
    int columns = parts.getFirst().columns();
    Shape shape =
        columns == 0 ? new Shape(values.length) : new Shape(values.length / columns, columns);
    tensors.add(manager.create(FloatBuffer.wrap(values), shape, DataType.FLOAT32));
  }

  /** The tensors in the script's order; they stay this object's. */
  List<PtNDArray> tensors() {
    return tensors;
  }

  /**
   * Every weight under its published name.
   *
   * @param dtype F32 or F16, rounded to nearest
   */
  List<SafeTensorsWriter.Entry> entries(Dtype dtype) {
    GgufType type =
        switch (dtype) {
          case F32 -> GgufType.F32;
          case F16 -> GgufType.F16;
          default -> throw new IllegalArgumentException("weights are written as F32 or F16");
        };
    var entries = new ArrayList<SafeTensorsWriter.Entry>();
    for (int i = 0; i < layout.size(); i++) {
      float[] values = tensors.get(i).toFloatArray();
      int at = 0;
      for (Part part : layout.get(i)) {
        float[] rows = Arrays.copyOfRange(values, at, at + part.size());
        at += part.size();
        var bytes = ByteBuffer.allocate(Math.toIntExact(type.rowBytes(rows.length)));
        RowEncoder.encode(type, rows, rows.length, bytes);
        entries.add(
            new SafeTensorsWriter.Entry(
                part.name(), dtype, part.shape(), MemorySegment.ofArray(bytes.array())));
      }
    }
    return entries;
  }

  @Override
  public void close() {
    manager.close();
  }
}
