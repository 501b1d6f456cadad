package dev.mneme.djl;

import java.util.Map;

/**
 * The TorchScript that all networks share: the vocabulary's product with its loss, clipping and
 * AdamW. Weights stay 32-bit; products are computed in {@code bfloat16} or 32 bits, the residual
 * stream, norms and log-sum-exp always in 32 bits.
 *
 * <p>Loss of a position with target weights c (which sum to 1) on a few ids: logsumexp(z) - Σ c·z,
 * the cross entropy against c. With c = β·p_kNN + (1-β)·onehot(y) this is β·KL + (1-β)·CE of the
 * Memory Decoder (arXiv 2508.09874, section 3) and of the MLP Memory (arXiv 2508.01832) up to the
 * entropy of p_kNN, a constant. Its gradient on the logits is softmax(z) - c, so the head works
 * through the rows in chunks and neither all logits nor a dense target ever exist.
 */
final class NetworkScript {

  /** Rows of the vocabulary product at a time: their logits fit a second-level cache. */
  static final int HEAD_CHUNK = 256;

  /** Number types by PyTorch's codes: of products, and of everything else. */
  enum Precision {
    BFLOAT16(15, 6),
    FLOAT32(6, 6),
    /** For checking gradients. */
    FLOAT64(7, 7);

    private final int products;
    private final int rest;

    Precision(int products, int rest) {
      this.products = products;
      this.rest = rest;
    }

    static Precision of(boolean bfloat16) {
      return bfloat16 ? BFLOAT16 : FLOAT32;
    }
  }

  private NetworkScript() {}

  /**
   * A class's whole text.
   *
   * @param methods its own methods
   * @param sizes what the {@code $NAMES} in them stand for
   */
  static String of(
      String className,
      String methods,
      Map<String, String> sizes,
      Precision precision,
      int headChunk) {
    String text = TEXT + methods;
    for (Map.Entry<String, String> size : sizes.entrySet()) {
      text = text.replace("$" + size.getKey(), size.getValue());
    }
    return text.replace("$CLASS", className)
        .replace("$CHUNK", Integer.toString(headChunk))
        .replace("$TYPE", Integer.toString(precision.products))
        .replace("$FLOAT", Integer.toString(precision.rest));
  }

  private static final String TEXT =
      """
      class $CLASS(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def next_losses(self: __torch__.$CLASS, state: Tensor, head: Tensor, targets: Tensor) -> Tensor:
          h = torch.split(torch.to(state, $TYPE), $CHUNK)
          t = torch.split(targets, $CHUNK)
          w = torch.to(head, $TYPE)
          out = annotate(List[Tensor], [])
          for i in range(torch.len(h)):
            z = torch.to(torch.linear(h[i], w), $FLOAT)
            one = torch.sub(torch.logsumexp(z, [1], True), torch.gather(z, 1, t[i]))
            _0 = torch.append(out, one)
          return torch.cat(out)
        def head(self: __torch__.$CLASS, state: Tensor, head: Tensor, targets: Tensor, weights: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
          flat = torch.detach(state)
          n = torch.size(flat, 0)
          w = torch.to(torch.detach(head), $TYPE)
          dw = torch.zeros_like(torch.detach(head))
          ds = torch.empty_like(flat)
          h = torch.split(torch.to(flat, $TYPE), $CHUNK)
          d = torch.split(ds, $CHUNK)
          t = torch.split(targets, $CHUNK)
          c = torch.split(weights, $CHUNK)
          loss = torch.zeros([2])
          scale = torch.div(1., n)
          for i in range(torch.len(h)):
            z = torch.to(torch.linear(h[i], w), $FLOAT)
            m = torch.amax(z, [1], True)
            zt = torch.gather(z, 1, t[i])
            p = torch.exp_(torch.sub_(z, m))
            s = torch.sum(p, [1], True)
            lse = torch.add(torch.log(s), m)
            l0 = torch.sub(torch.sum(lse), torch.sum(torch.mul(c[i], zt)))
            l1 = torch.sum(torch.sub(lse, torch.narrow(zt, 1, 0, 1)))
            loss = torch.add(loss, torch.stack([l0, l1]))
            p0 = torch.div_(p, s)
            p1 = torch.scatter_add_(p0, 1, t[i], torch.neg(c[i]))
            g = torch.to(torch.mul_(p1, scale), $TYPE)
            _1 = torch.copy_(d[i], torch.matmul(g, w))
            _2 = torch.add_(dw, torch.matmul(torch.t(g), h[i]))
          return (torch.mul(loss, scale), ds, dw)
        def found(self: __torch__.$CLASS, state: Tensor, ds: Tensor, of: List[Tensor], loss: Tensor) -> List[Tensor]:
          seed = annotate(List[Optional[Tensor]], [ds])
          grads = torch.grad([state], of, seed, None, False, False)
          out = [loss]
          for j in range(torch.len(grads)):
            one = grads[j]
            if torch.__isnot__(one, None):
              grad = unchecked_cast(Tensor, one)
            else:
              grad = torch.zeros_like(of[j])
            _0 = torch.append(out, grad)
          return out
        def adamw(self: __torch__.$CLASS, ws: List[Tensor], grads: List[Tensor], m1: List[Tensor], m2: List[Tensor], steps: List[Tensor], settings: List[float]) -> None:
          none = annotate(List[Tensor], [])
          _0 = torch._foreach_add_(steps, 1)
          _1 = torch._fused_adamw_(ws, grads, m1, m2, none, steps, lr=settings[0], beta1=settings[1], beta2=settings[2], weight_decay=settings[3], eps=settings[4], amsgrad=False, maximize=False)
          return None
        def clip(self: __torch__.$CLASS, grads: List[Tensor], most: float) -> Tensor:
          norm = torch.linalg_vector_norm(torch.stack(torch._foreach_norm(grads)))
          factor = torch.clamp(torch.div(most, torch.add(norm, 1e-6)), None, 1.)
          _0 = torch._foreach_mul_(grads, factor)
          return norm
      """;
}
