package dev.mneme.djl;

import dev.mneme.djl.NetworkScript.Precision;
import dev.mneme.store.hf.MlpShape;
import java.util.Map;

/**
 * The MLP Memory (arXiv 2508.01832) as TorchScript with gradients, beside {@link NetworkScript}'s;
 * what runs it for generation is {@link MlpInferenceScript}. Rows are activations, each on its own.
 *
 * <p>Weights come as a list in the order of {@link MlpShape#tensors()}, with gate and up fused to
 * [2·ffn, hidden]. Biases are added and GELU is computed in 32 bits.
 */
final class MlpScript {

  static final String CLASS = "MlpMemory";

  private MlpScript() {}

  static String of(MlpShape shape, Precision precision, int headChunk) {
    String blocks =
        switch (shape.style()) {
          case MISTRAL -> MISTRAL;
          case GPT2 -> GPT2;
        };
    String entry = shape.transform() ? TRANSFORM : PLAIN;
    return NetworkScript.of(CLASS, entry + blocks + METHODS, sizes(shape), precision, headChunk);
  }

  private static Map<String, String> sizes(MlpShape shape) {
    int perBlock = shape.style() == MlpShape.Style.MISTRAL ? 3 : 6;
    int first = shape.transform() ? 2 : 0;
    int norm = first + shape.layers() * perBlock;
    int head = norm + (shape.style() == MlpShape.Style.MISTRAL ? 1 : 2);
    return Map.of(
        "LAYERS", Integer.toString(shape.layers()),
        "HIDDEN", Integer.toString(shape.hidden()),
        "PER_BLOCK", Integer.toString(perBlock),
        "FIRST", Integer.toString(first),
        "NORM", Integer.toString(norm),
        "VOCABULARY", Integer.toString(head),
        "EPSILON", Double.toString(shape.normEpsilon()));
  }

  private static final String PLAIN =
      """
        def entered(self: __torch__.MlpMemory, activations: Tensor, ws: List[Tensor]) -> Tensor:
          return activations
      """;

  private static final String TRANSFORM =
      """
        def entered(self: __torch__.MlpMemory, activations: Tensor, ws: List[Tensor]) -> Tensor:
          x = torch.linear(torch.to(activations, $TYPE), torch.to(ws[0], $TYPE))
          return torch.add(torch.to(x, $FLOAT), ws[1])
      """;

  private static final String MISTRAL =
      """
        def fed(self: __torch__.MlpMemory, x: Tensor, ws: List[Tensor], at: int) -> Tensor:
          h = torch.to(torch.rms_norm(x, [$HIDDEN], ws[at], $EPSILON), $TYPE)
          g, u, = torch.chunk(torch.linear(h, torch.to(ws[torch.add(at, 1)], $TYPE)), 2, -1)
          f = torch.mul(torch.silu(g), u)
          return torch.add(x, torch.to(torch.linear(f, torch.to(ws[torch.add(at, 2)], $TYPE)), $FLOAT))
        def normed(self: __torch__.MlpMemory, x: Tensor, ws: List[Tensor]) -> Tensor:
          return torch.rms_norm(x, [$HIDDEN], ws[$NORM], $EPSILON)
      """;

  private static final String GPT2 =
      """
        def normalised(self: __torch__.MlpMemory, x: Tensor, ws: List[Tensor], at: int) -> Tensor:
          return torch.layer_norm(x, [$HIDDEN], ws[at], ws[torch.add(at, 1)], $EPSILON)
        def product(self: __torch__.MlpMemory, h: Tensor, ws: List[Tensor], at: int) -> Tensor:
          o = torch.matmul(torch.to(h, $TYPE), torch.to(ws[at], $TYPE))
          return torch.add(torch.to(o, $FLOAT), ws[torch.add(at, 1)])
        def fed(self: __torch__.MlpMemory, x: Tensor, ws: List[Tensor], at: int) -> Tensor:
          f = torch.gelu(self.product(self.normalised(x, ws, at), ws, torch.add(at, 2)), approximate="tanh")
          return torch.add(x, self.product(f, ws, torch.add(at, 4)))
        def normed(self: __torch__.MlpMemory, x: Tensor, ws: List[Tensor]) -> Tensor:
          return self.normalised(x, ws, $NORM)
      """;

  private static final String METHODS =
      """
        def state(self: __torch__.MlpMemory, activations: Tensor, ws: List[Tensor]) -> Tensor:
          x = self.entered(activations, ws)
          for l in range($LAYERS):
            at = torch.add($FIRST, torch.mul(l, $PER_BLOCK))
            x = self.fed(x, ws, at)
          return self.normed(x, ws)
        def logits(self: __torch__.MlpMemory, activations: Tensor, ws: List[Tensor]) -> Tensor:
          h = torch.to(self.state(activations, ws), $TYPE)
          return torch.to(torch.linear(h, torch.to(ws[$VOCABULARY], $TYPE)), $FLOAT)
        def losses(self: __torch__.MlpMemory, activations: Tensor, targets: Tensor, ws: List[Tensor]) -> Tensor:
          return self.next_losses(self.state(activations, ws), ws[$VOCABULARY], targets)
        def gradients(self: __torch__.MlpMemory, activations: Tensor, targets: Tensor, weights: Tensor, ws: List[Tensor]) -> List[Tensor]:
          state = self.state(activations, ws)
          loss, ds, dw, = self.head(state, ws[$VOCABULARY], targets, weights)
          out = self.found(state, ds, torch.slice(ws, 0, $VOCABULARY, 1), loss)
          _0 = torch.append(out, dw)
          return out
      """;
}
