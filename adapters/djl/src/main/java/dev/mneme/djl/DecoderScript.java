package dev.mneme.djl;

/**
 * The decoder as TorchScript: one text for training and for inference.
 *
 * <p>Weights come as a list: embedding, then for every block attention norm, fused query-key-value
 * [hidden + 2·kv, hidden], attention output, feed-forward norm, fused gate-up [2·ffn, hidden],
 * down, and at the end the last norm. They stay 32-bit; products are computed in {@code bfloat16}
 * or 32 bits, the residual stream, norms and log-sum-exp always in 32 bits.
 *
 * <p>Loss of a position with target weights c (which sum to 1) on a few ids: logsumexp(z) - Σ c·z,
 * the cross entropy against c. With c = β·p_kNN + (1-β)·onehot(y) this is β·KL + (1-β)·CE of the
 * Memory Decoder (arXiv 2508.09874, section 3) up to the entropy of p_kNN, a constant. Its gradient
 * on the logits is softmax(z) - c, so the head works through the rows in chunks and neither all
 * logits nor a dense target ever exist.
 */
final class DecoderScript {

  static final String CLASS = "Decoder";

  /** Weights of one block in the list. */
  static final int PER_BLOCK = 6;

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
  }

  private DecoderScript() {}

  static String of(DecoderShape shape, Precision precision, int headChunk) {
    return TEXT.replace("$LAYERS", Integer.toString(shape.layers()))
        .replace("$WEIGHTS", Integer.toString(2 + shape.layers() * PER_BLOCK))
        .replace("$BODY", Integer.toString(shape.layers() - 1))
        .replace("$PER_BLOCK", Integer.toString(PER_BLOCK))
        .replace("$HIDDEN", Integer.toString(shape.hidden()))
        .replace("$HEADS", Integer.toString(shape.heads()))
        .replace("$KVHEADS", Integer.toString(shape.kvHeads()))
        .replace("$KVWIDTH", Integer.toString(shape.keyValueWidth()))
        .replace("$HEADWIDTH", Integer.toString(shape.headWidth()))
        .replace("$GROUPED", shape.heads() == shape.kvHeads() ? "False" : "True")
        .replace("$EPSILON", Double.toString(shape.normEpsilon()))
        .replace("$CHUNK", Integer.toString(headChunk))
        .replace("$TYPE", Integer.toString(precision.products))
        .replace("$FLOAT", Integer.toString(precision.rest));
  }

  private static final String TEXT =
      """
      class Decoder(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def turned(self: __torch__.Decoder, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
          a, b, = torch.chunk(x, 2, -1)
          return torch.cat([torch.sub(torch.mul(a, cos), torch.mul(b, sin)), torch.add(torch.mul(b, cos), torch.mul(a, sin))], -1)
        def attended(self: __torch__.Decoder, x: Tensor, cos: Tensor, sin: Tensor, ws: List[Tensor], at: int) -> Tensor:
          batch = torch.size(x, 0)
          length = torch.size(x, 1)
          h = torch.to(torch.rms_norm(x, [$HIDDEN], ws[at], $EPSILON), $TYPE)
          qkv = torch.linear(h, torch.to(ws[torch.add(at, 1)], $TYPE))
          q, k, v, = torch.split_with_sizes(qkv, [$HIDDEN, $KVWIDTH, $KVWIDTH], -1)
          q0 = torch.transpose(torch.reshape(q, [batch, length, $HEADS, $HEADWIDTH]), 1, 2)
          k0 = torch.transpose(torch.reshape(k, [batch, length, $KVHEADS, $HEADWIDTH]), 1, 2)
          v0 = torch.transpose(torch.reshape(v, [batch, length, $KVHEADS, $HEADWIDTH]), 1, 2)
          q1 = self.turned(q0, cos, sin)
          k1 = self.turned(k0, cos, sin)
          o = torch.scaled_dot_product_attention(q1, k1, v0, None, 0., True, enable_gqa=$GROUPED)
          o0 = torch.reshape(torch.transpose(o, 1, 2), [batch, length, $HIDDEN])
          return torch.add(x, torch.to(torch.linear(o0, torch.to(ws[torch.add(at, 2)], $TYPE)), $FLOAT))
        def key(self: __torch__.Decoder, x: Tensor, ws: List[Tensor], at: int) -> Tensor:
          return torch.rms_norm(x, [$HIDDEN], ws[torch.add(at, 3)], $EPSILON)
        def fed(self: __torch__.Decoder, x: Tensor, ws: List[Tensor], at: int) -> Tensor:
          h = torch.to(self.key(x, ws, at), $TYPE)
          g, u, = torch.chunk(torch.linear(h, torch.to(ws[torch.add(at, 4)], $TYPE)), 2, -1)
          f = torch.mul(torch.silu(g), u)
          return torch.add(x, torch.to(torch.linear(f, torch.to(ws[torch.add(at, 5)], $TYPE)), $FLOAT))
        def normed(self: __torch__.Decoder, x: Tensor, ws: List[Tensor]) -> Tensor:
          last = torch.sub(torch.len(ws), 1)
          return torch.reshape(torch.rms_norm(x, [$HIDDEN], ws[last], $EPSILON), [-1, $HIDDEN])
        def state(self: __torch__.Decoder, ids: Tensor, cos: Tensor, sin: Tensor, ws: List[Tensor]) -> Tensor:
          cos0 = torch.to(cos, $TYPE)
          sin0 = torch.to(sin, $TYPE)
          x = torch.embedding(ws[0], ids)
          for l in range($LAYERS):
            at = torch.add(1, torch.mul(l, $PER_BLOCK))
            x0 = self.attended(x, cos0, sin0, ws, at)
            x = self.fed(x0, ws, at)
          return self.normed(x, ws)
        def keys(self: __torch__.Decoder, ids: Tensor, cos: Tensor, sin: Tensor, ws: List[Tensor]) -> Tensor:
          cos0 = torch.to(cos, $TYPE)
          sin0 = torch.to(sin, $TYPE)
          x = torch.embedding(ws[0], ids)
          for l in range($BODY):
            at = torch.add(1, torch.mul(l, $PER_BLOCK))
            x0 = self.attended(x, cos0, sin0, ws, at)
            x = self.fed(x0, ws, at)
          last = torch.add(1, torch.mul($BODY, $PER_BLOCK))
          x1 = self.attended(x, cos0, sin0, ws, last)
          return torch.reshape(self.key(x1, ws, last), [-1, $HIDDEN])
        def logits(self: __torch__.Decoder, ids: Tensor, cos: Tensor, sin: Tensor, ws: List[Tensor]) -> Tensor:
          h = torch.to(self.state(ids, cos, sin, ws), $TYPE)
          return torch.to(torch.linear(h, torch.to(ws[0], $TYPE)), $FLOAT)
        def losses(self: __torch__.Decoder, ids: Tensor, cos: Tensor, sin: Tensor, targets: Tensor, ws: List[Tensor]) -> Tensor:
          h = torch.split(torch.to(self.state(ids, cos, sin, ws), $TYPE), $CHUNK)
          t = torch.split(targets, $CHUNK)
          w = torch.to(ws[0], $TYPE)
          out = annotate(List[Tensor], [])
          for i in range(torch.len(h)):
            z = torch.to(torch.linear(h[i], w), $FLOAT)
            one = torch.sub(torch.logsumexp(z, [1], True), torch.gather(z, 1, t[i]))
            _0 = torch.append(out, one)
          return torch.cat(out)
        def head(self: __torch__.Decoder, state: Tensor, embedding: Tensor, targets: Tensor, weights: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
          flat = torch.detach(state)
          n = torch.size(flat, 0)
          w = torch.to(torch.detach(embedding), $TYPE)
          dw = torch.zeros_like(torch.detach(embedding))
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
        def found(self: __torch__.Decoder, state: Tensor, ds: Tensor, of: List[Tensor], loss: Tensor) -> List[Tensor]:
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
        def gradients(self: __torch__.Decoder, ids: Tensor, cos: Tensor, sin: Tensor, targets: Tensor, weights: Tensor, ws: List[Tensor]) -> List[Tensor]:
          state = self.state(ids, cos, sin, ws)
          loss, ds, dw, = self.head(state, ws[0], targets, weights)
          out = self.found(state, ds, ws, loss)
          _0 = torch.add_(out[1], dw)
          return out
        def adapted(self: __torch__.Decoder, ws: List[Tensor], lora: List[Tensor], scale: Tensor) -> List[Tensor]:
          out = [ws[0]]
          at = 0
          for j in range(torch.sub(torch.len(ws), 1)):
            w = ws[torch.add(j, 1)]
            if torch.eq(torch.dim(w), 2):
              change = torch.matmul(lora[torch.add(at, 1)], lora[at])
              w0 = torch.add(w, torch.mul(change, scale))
              at0 = torch.add(at, 2)
            else:
              w0 = w
              at0 = at
            _0 = torch.append(out, w0)
            at = at0
          return out
        def lora_gradients(self: __torch__.Decoder, ids: Tensor, cos: Tensor, sin: Tensor, targets: Tensor, weights: Tensor, scale: Tensor, all: List[Tensor]) -> List[Tensor]:
          ws = torch.slice(all, 0, $WEIGHTS, 1)
          lora = torch.slice(all, $WEIGHTS, torch.len(all), 1)
          state = self.state(ids, cos, sin, self.adapted(ws, lora, scale))
          loss, ds, dw, = self.head(state, ws[0], targets, weights)
          return self.found(state, ds, lora, loss)
        def merge(self: __torch__.Decoder, ws: List[Tensor], lora: List[Tensor], scale: Tensor) -> None:
          merged = self.adapted(ws, lora, scale)
          for j in range(torch.len(ws)):
            _0 = torch.copy_(ws[j], merged[j])
          return None
        def adamw(self: __torch__.Decoder, ws: List[Tensor], grads: List[Tensor], m1: List[Tensor], m2: List[Tensor], steps: List[Tensor], settings: List[float]) -> None:
          none = annotate(List[Tensor], [])
          _0 = torch._foreach_add_(steps, 1)
          _1 = torch._fused_adamw_(ws, grads, m1, m2, none, steps, lr=settings[0], beta1=settings[1], beta2=settings[2], weight_decay=settings[3], eps=settings[4], amsgrad=False, maximize=False)
          return None
        def clip(self: __torch__.Decoder, grads: List[Tensor], most: float) -> Tensor:
          norm = torch.linalg_vector_norm(torch.stack(torch._foreach_norm(grads)))
          factor = torch.clamp(torch.div(most, torch.add(norm, 1e-6)), None, 1.)
          _0 = torch._foreach_mul_(grads, factor)
          return norm
      """;
}
