package dev.mneme.djl;

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
import java.util.List;
import java.util.Random;

/**
 * A decoder's weights as 32-bit tensors in the order of {@link DecoderScript}: matrices that are
 * multiplied with the same input lie in one tensor, row after row. Owns native memory.
 */
final class DecoderWeights implements AutoCloseable {

  /** A published tensor's place: rows of it lie in a fused tensor. */
  private record Part(String name, int rows, int columns) {

    List<Long> shape() {
      return columns == 0 ? List.of((long) rows) : List.of((long) rows, (long) columns);
    }

    int size() {
      return rows * Math.max(1, columns);
    }
  }

  private final PtNDManager manager = Torch.newManager();
  private final DecoderShape shape;
  private final List<List<Part>> layout;
  private final List<PtNDArray> tensors = new ArrayList<>();

  private DecoderWeights(DecoderShape shape) {
    this.shape = shape;
    layout = layout(shape);
  }

  /**
   * The published names (transformers' LlamaForCausalLM), grouped by the tensor that holds them.
   */
  private static List<List<Part>> layout(DecoderShape shape) {
    int hidden = shape.hidden();
    int kv = shape.keyValueWidth();
    int ffn = shape.feedForward();
    var all = new ArrayList<List<Part>>();
    all.add(List.of(new Part("model.embed_tokens.weight", shape.vocabulary(), hidden)));
    for (int i = 0; i < shape.layers(); i++) {
      String block = "model.layers." + i + ".";
      all.add(List.of(new Part(block + "input_layernorm.weight", hidden, 0)));
      all.add(
          List.of(
              new Part(block + "self_attn.q_proj.weight", hidden, hidden),
              new Part(block + "self_attn.k_proj.weight", kv, hidden),
              new Part(block + "self_attn.v_proj.weight", kv, hidden)));
      all.add(List.of(new Part(block + "self_attn.o_proj.weight", hidden, hidden)));
      all.add(List.of(new Part(block + "post_attention_layernorm.weight", hidden, 0)));
      all.add(
          List.of(
              new Part(block + "mlp.gate_proj.weight", ffn, hidden),
              new Part(block + "mlp.up_proj.weight", ffn, hidden)));
      all.add(List.of(new Part(block + "mlp.down_proj.weight", hidden, ffn)));
    }
    all.add(List.of(new Part("model.norm.weight", hidden, 0)));
    return all;
  }

  /**
   * Normal with deviation 0.02, as GPT-2 and Llama start; the two matrices of a block that write
   * into the residual stream are smaller by √(2·layers) (GPT-2 paper, section 2.3); norms 1.
   */
  static DecoderWeights random(DecoderShape shape, long seed) {
    var weights = new DecoderWeights(shape);
    var random = new Random(seed);
    for (List<Part> parts : weights.layout) {
      float[] values = new float[size(parts)];
      String name = parts.getFirst().name();
      if (parts.getFirst().columns() == 0) {
        java.util.Arrays.fill(values, 1);
      } else {
        boolean residual = name.endsWith("o_proj.weight") || name.endsWith("down_proj.weight");
        double deviation = residual ? 0.02 / Math.sqrt(2.0 * shape.layers()) : 0.02;
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
   * @throws MalformedFileException if a tensor is missing or has another shape
   */
  static DecoderWeights read(DecoderShape shape, TensorSource source) {
    var weights = new DecoderWeights(shape);
    try {
      for (List<Part> parts : weights.layout) {
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

  /** The same weights in tensors of their own. */
  DecoderWeights copy() {
    var copy = new DecoderWeights(shape);
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
    tensors.add(
        manager.create(FloatBuffer.wrap(values), shape, ai.djl.ndarray.types.DataType.FLOAT32));
  }

  /** The tensors in the script's order; they stay this object's. */
  List<PtNDArray> tensors() {
    return tensors;
  }

  /** Whether a tensor of the list is a matrix and not a norm. */
  boolean isMatrix(int index) {
    return layout.get(index).getFirst().columns() > 0;
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
        float[] rows = java.util.Arrays.copyOfRange(values, at, at + part.size());
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
