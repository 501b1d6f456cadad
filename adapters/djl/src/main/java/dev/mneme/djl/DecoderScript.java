package dev.mneme.djl;

import dev.mneme.djl.NetworkScript.Precision;
import java.util.Map;

/**
 * The decoder as TorchScript: one text for training and for inference, beside {@link
 * NetworkScript}'s.
 *
 * <p>Weights come as a list: embedding, then for every block attention norm, fused query-key-value
 * [hidden + 2·kv, hidden], attention output, feed-forward norm, fused gate-up [2·ffn, hidden],
 * down, and at the end the last norm.
 */
final class DecoderScript {

  static final String CLASS = "Decoder";

  /** Weights of one block in the list. */
  static final int PER_BLOCK = 6;

  private DecoderScript() {}

  static String of(LlamaShape shape, Precision precision, int headChunk) {
    return NetworkScript.of(CLASS, METHODS, sizes(shape), precision, headChunk);
  }

  private static Map<String, String> sizes(LlamaShape shape) {
    return Map.ofEntries(
        Map.entry("LAYERS", Integer.toString(shape.layers())),
        Map.entry("WEIGHTS", Integer.toString(2 + shape.layers() * PER_BLOCK)),
        Map.entry("BODY", Integer.toString(shape.layers() - 1)),
        Map.entry("PER_BLOCK", Integer.toString(PER_BLOCK)),
        Map.entry("HIDDEN", Integer.toString(shape.hidden())),
        Map.entry("HEADS", Integer.toString(shape.heads())),
        Map.entry("KVHEADS", Integer.toString(shape.kvHeads())),
        Map.entry("KVWIDTH", Integer.toString(shape.keyValueWidth())),
        Map.entry("HEADWIDTH", Integer.toString(shape.headWidth())),
        Map.entry("GROUPED", shape.heads() == shape.kvHeads() ? "False" : "True"),
        Map.entry("EPSILON", Double.toString(shape.normEpsilon())));
  }

  private static final String METHODS =
      """
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
          return self.next_losses(self.state(ids, cos, sin, ws), ws[0], targets)
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
      """;
}
