package dev.mneme.djl;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import com.google.common.base.Preconditions;
import dev.mneme.djl.internal.Script;
import dev.mneme.djl.internal.Torch;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Low-rank changes B·A of a decoder's block matrices (arXiv 2106.09685, section 4.1): for each
 * matrix [out, in] in order, A [rank, in] and B [out, rank]. Fused matrices share one A. B begins
 * at zero, so the network begins unchanged. Owns native memory.
 */
final class Lora implements AutoCloseable {

  private final PtNDManager manager = Torch.newManager();
  private final List<PtNDArray> tensors = new ArrayList<>();

  private Lora() {}

  static Lora random(DecoderWeights weights, int rank, long seed) {
    Preconditions.checkArgument(rank > 0, "the rank must be positive: %s", rank);
    var lora = new Lora();
    var random = new Random(seed);
    for (int i = 1; i < weights.tensors().size(); i++) { // 0 is the embedding
      if (weights.isMatrix(i)) {
        Shape shape = weights.tensors().get(i).getShape();
        int in = Math.toIntExact(shape.get(1));
        float[] a = new float[rank * in];
        for (int j = 0; j < a.length; j++) {
          a[j] = (float) (random.nextGaussian() / Math.sqrt(in));
        }
        lora.tensors.add(
            lora.manager.create(FloatBuffer.wrap(a), new Shape(rank, in), DataType.FLOAT32));
        lora.tensors.add((PtNDArray) lora.manager.zeros(new Shape(shape.get(0), rank)));
      }
    }
    return lora;
  }

  /** A and B of each matrix in turn. */
  List<PtNDArray> tensors() {
    return tensors;
  }

  void merge(DecoderNetwork network) {
    try (IValue weights = Script.list(network.weights().tensors());
        IValue changes = Script.list(tensors)) {
      network.script().run("merge", weights, changes).close();
    }
    for (int i = 1; i < tensors.size(); i += 2) {
      tensors.get(i).setRequiresGradient(false);
      tensors.get(i).set(new float[Math.toIntExact(tensors.get(i).size())]);
      tensors.get(i).setRequiresGradient(true);
    }
  }

  @Override
  public void close() {
    manager.close();
  }
}
