package dev.mneme.djl;

import dev.mneme.store.hf.MlpShape;
import java.util.Map;

/**
 * An MLP Memory (arXiv 2508.01832) that reads activations, as TorchScript: both styles, every
 * {@link WeightPrecision}. Where each weight lies stands in the text ({@link WeightSlots});
 * activations and logits are arguments. The residual stream is [rows, hidden] in 32 bits.
 */
final class MlpInferenceScript {

  /** Rows of logits made at a time. */
  private static final int HEAD_CHUNK = 64;

  private MlpInferenceScript() {}

  static String of(MlpShape shape, WeightSlots slots, WeightPrecision precision) {
    String blocks =
        switch (shape.style()) {
          case MISTRAL -> MISTRAL;
          case GPT2 -> GPT2;
        };
    Map<String, String> sizes =
        Map.of(
            "LAYERS", Integer.toString(shape.layers()),
            "HIDDEN", Integer.toString(shape.hidden()),
            "EPSILON", Double.toString(shape.normEpsilon()),
            "CHUNK", Integer.toString(HEAD_CHUNK));
    return ScriptedWeights.of(precision)
        + slots.fill((shape.transform() ? TRANSFORM : PLAIN) + blocks + ROWS, sizes);
  }

  private static final String PLAIN =
      """
        def entered(self: __torch__.Inference, h: Tensor, ws: List[Tensor]) -> Tensor:
          return h
      """;

  private static final String TRANSFORM =
      """
        def entered(self: __torch__.Inference, h: Tensor, ws: List[Tensor]) -> Tensor:
          return torch.to(${transform_of_h}, 6)
      """;

  private static final String MISTRAL =
      """
        def normed(self: __torch__.Inference, x: Tensor, ws: List[Tensor], at: int) -> Tensor:
          return torch.rms_norm(x, [${HIDDEN}], ws[at], ${EPSILON})
        def fed(self: __torch__.Inference, h: Tensor, ws: List[Tensor], at: int) -> Tensor:
          g = torch.silu(${gate_of_h})
          u = torch.mul(g, ${up_of_h})
          return torch.to(${down_of_u}, 6)
      """;

  private static final String GPT2 =
      """
        def normed(self: __torch__.Inference, x: Tensor, ws: List[Tensor], at: int) -> Tensor:
          return torch.layer_norm(x, [${HIDDEN}], ws[at], ws[torch.add(at, 1)], ${EPSILON})
        def fed(self: __torch__.Inference, h: Tensor, ws: List[Tensor], at: int) -> Tensor:
          u = torch.gelu(${up_of_h}, approximate="tanh")
          return torch.to(${down_of_u}, 6)
      """;

  private static final String ROWS =
      """
        def forward(self: __torch__.Inference, rows: int, activations: Tensor, logits: Tensor, ws: List[Tensor]) -> int:
          x = self.entered(torch.to(torch.narrow(activations, 0, 0, rows), ops.prim.device(ws[0])), ws)
          for l in range(${LAYERS}):
            at = ${BLOCK}
            x = torch.add(x, self.fed(self.normed(x, ws, ${norm}), ws, at))
          parts = torch.split(self.normed(x, ws, ${output_norm}), ${CHUNK})
          for i in range(torch.len(parts)):
            h = parts[i]
            z = ${output_of_h}
            _0 = torch.copy_(torch.narrow(logits, 0, torch.mul(i, ${CHUNK}), torch.size(z, 0)), z)
          return rows
      """;
}
