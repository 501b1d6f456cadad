package dev.mneme.djl;

import dev.mneme.djl.NetworkWeights.Part;
import dev.mneme.store.hf.MlpShape;
import java.util.ArrayList;
import java.util.List;

/** Where an MLP Memory's published tensors lie, in the order of {@link MlpScript}. */
final class MlpWeights {

  private MlpWeights() {}

  /** One tensor each, but for gate and up, which are multiplied with the same input. */
  static List<List<Part>> layout(MlpShape shape) {
    var all = new ArrayList<List<Part>>();
    for (MlpShape.Tensor tensor : shape.tensors()) {
      int rows = Math.toIntExact(tensor.shape().getFirst());
      int columns = tensor.isMatrix() ? Math.toIntExact(tensor.shape().getLast()) : 0;
      var part = new Part(tensor.name(), rows, columns);
      if (tensor.name().endsWith(".up_proj.weight")) {
        all.set(all.size() - 1, List.of(all.getLast().getFirst(), part));
      } else {
        all.add(List.of(part));
      }
    }
    return all;
  }
}
