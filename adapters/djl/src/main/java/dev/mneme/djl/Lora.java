package dev.mneme.djl;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.mneme.djl.internal.Script;
import dev.mneme.djl.internal.Torch;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * The tensors of {@link LowRank} changes: for each matrix [out, in] of the blocks in order, A
 * [rank, in] and B [out, rank]. Fused matrices share one A. B begins at zero, so the network begins
 * unchanged. Owns native memory.
 */
final class Lora implements AutoCloseable {

  private final PtNDManager manager = Torch.newManager();
  private final List<PtNDArray> tensors = new ArrayList<>();

  private final PtNDArray scale;

  private Lora(LowRank settings) {
    scale = (PtNDArray) manager.create((float) settings.scale());
  }

  static Lora random(DecoderWeights weights, LowRank settings) {
    var lora = new Lora(settings);
    int rank = settings.rank();
    var random = new Random(settings.seed());
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

  /** What B·A is multiplied with. */
  PtNDArray scale() {
    return scale;
  }

  /** Adds the changes to a network's weights. */
  void mergeInto(DecoderNetwork network) {
    try (IValue weights = Script.list(network.weights().tensors());
        IValue changes = Script.list(tensors);
        IValue factor = IValue.from(scale)) {
      network.script().run("merge", weights, changes, factor).close();
    }
  }

  @Override
  public void close() {
    manager.close();
  }
}
