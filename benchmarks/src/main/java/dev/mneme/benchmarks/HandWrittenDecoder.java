package dev.mneme.benchmarks;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.mneme.djl.internal.Script;
import dev.mneme.djl.internal.Torch;
import java.nio.LongBuffer;
import java.util.List;

/**
 * A decoder of Qwen2's kind as one would write it by hand for one shape and one number type, with
 * nothing that a library needs: no taps, no choice of rows, everything in bfloat16, query, key and
 * value in one product, and both halves of the feed-forward network in another. Random weights.
 */
final class HandWrittenDecoder implements AutoCloseable {

  /** The weights' numbers. */
  enum Numbers {
    BFLOAT16,
    INT8
  }

  private static final int CAPACITY = 1024;

  private final PtNDManager manager = Torch.newManager();
  private final Script script;
  private final IValue weights;
  private final IValue cos;
  private final IValue sin;
  private final IValue cache;
  private int past;

  HandWrittenDecoder(RandomModel shape, Numbers numbers) {
    script = new Script("Step", text(shape, numbers));
    weights = script.run("weights");
    try (IValue turns = script.run("turns")) {
      PtNDArray[] tables = turns.toTensorArray(manager);
      cos = IValue.from(tables[0]);
      sin = IValue.from(tables[1]);
    }
    cache = script.run("cache");
  }

  void truncate(int length) {
    past = length;
  }

  /** Appends tokens and computes the logits after the last. */
  void forward(int[] tokens) {
    long[] ids = new long[tokens.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = tokens[i];
    }
    try (PtNDArray tensor =
            manager.create(LongBuffer.wrap(ids), new Shape(ids.length), DataType.INT64);
        IValue idTensor = IValue.from(tensor);
        IValue before = IValue.from((long) past)) {
      script.run("forward", idTensor, before, cos, sin, cache, weights).close();
      past += tokens.length;
    }
  }

  @Override
  public void close() {
    List.of(weights, cos, sin, cache).forEach(IValue::close);
    script.close();
    manager.close();
  }

  private static String text(RandomModel shape, Numbers numbers) {
    int dim = shape.hidden() / shape.heads();
    int keys = shape.kvHeads() * dim;
    return (numbers == Numbers.INT8 ? INT8 : BFLOAT16)
        .concat(STEP)
        .replace("${VOCABULARY}", Integer.toString(RandomModel.VOCABULARY))
        .replace("${HIDDEN}", Integer.toString(shape.hidden()))
        .replace("${LAYERS}", Integer.toString(shape.layers()))
        .replace("${HEADS}", Integer.toString(shape.heads()))
        .replace("${KVHEADS}", Integer.toString(shape.kvHeads()))
        .replace("${GROUP}", Integer.toString(shape.heads() / shape.kvHeads()))
        .replace("${TURNED}", Integer.toString(shape.heads() + shape.kvHeads()))
        .replace("${DIM}", Integer.toString(dim))
        .replace("${HALFDIM}", Integer.toString(dim / 2))
        .replace("${KEYS}", Integer.toString(keys))
        .replace("${TURNEDWIDTH}", Integer.toString(shape.hidden() + keys))
        .replace("${ALL}", Integer.toString(shape.hidden() + 2 * keys))
        .replace("${FFN}", Integer.toString(shape.ffn()))
        .replace("${BOTH}", Integer.toString(2 * shape.ffn()))
        .replace("${CAPACITY}", Integer.toString(CAPACITY));
  }

  private static final String BFLOAT16 =
      """
      class Step(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def matrix(self: __torch__.Step, rows: int, columns: int, out: List[Tensor]) -> None:
          _0 = torch.append(out, torch.to(torch.mul(torch.randn([rows, columns]), 0.02), 15))
          _1 = torch.append(out, torch.zeros([0]))
          return None
        def product(self: __torch__.Step, x: Tensor, ws: List[Tensor], at: int) -> Tensor:
          return torch.linear(x, ws[at])
      """;

  private static final String INT8 =
      """
      class Step(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def matrix(self: __torch__.Step, rows: int, columns: int, out: List[Tensor]) -> None:
          _0 = torch.append(out, torch.randint(-127, 127, [rows, columns], dtype=1))
          _1 = torch.append(out, torch.full([rows], 0.0003, dtype=15))
          return None
        def product(self: __torch__.Step, x: Tensor, ws: List[Tensor], at: int) -> Tensor:
          return torch._weight_int8pack_mm(x, ws[at], ws[torch.add(at, 1)])
      """;

  private static final String STEP =
      """
        def weights(self: __torch__.Step) -> List[Tensor]:
          out = annotate(List[Tensor], [])
          for l in range(${LAYERS}):
            _0 = torch.append(out, torch.ones([${HIDDEN}], dtype=15))
            _1 = torch.append(out, torch.ones([${HIDDEN}], dtype=15))
            _2 = torch.append(out, torch.zeros([${ALL}], dtype=15))
            _3 = self.matrix(${ALL}, ${HIDDEN}, out)
            _4 = self.matrix(${HIDDEN}, ${HIDDEN}, out)
            _5 = self.matrix(${BOTH}, ${HIDDEN}, out)
            _6 = self.matrix(${HIDDEN}, ${FFN}, out)
          _7 = torch.append(out, torch.ones([${HIDDEN}], dtype=15))
          _8 = self.matrix(${VOCABULARY}, ${HIDDEN}, out)
          _9 = torch.append(out, torch.to(torch.mul(torch.randn([4096, ${HIDDEN}]), 0.02), 15))
          return out
        def turns(self: __torch__.Step) -> List[Tensor]:
          rates = torch.pow(1000000., torch.div(torch.arange(0, ${HALFDIM}, dtype=6), -${HALFDIM}.))
          angles = torch.mul(torch.unsqueeze(torch.arange(0, ${CAPACITY}, dtype=6), 1), rates)
          return [torch.to(torch.cos(angles), 15), torch.to(torch.sin(angles), 15)]
        def cache(self: __torch__.Step) -> List[Tensor]:
          out = annotate(List[Tensor], [])
          for l in range(torch.mul(2, ${LAYERS})):
            _0 = torch.append(out, torch.zeros([${KVHEADS}, ${CAPACITY}, ${DIM}], dtype=15))
          return out
        def forward(self: __torch__.Step, ids: Tensor, past: int, cos: Tensor, sin: Tensor, cache: List[Tensor], ws: List[Tensor]) -> Tensor:
          n = torch.size(ids, 0)
          total = torch.add(past, n)
          top = torch.mul(${LAYERS}, 11)
          x = torch.embedding(ws[torch.add(top, 3)], ids)
          c = torch.narrow(cos, 0, past, n)
          s = torch.narrow(sin, 0, past, n)
          for l in range(${LAYERS}):
            at = torch.mul(l, 11)
            h = torch.rms_norm(x, [${HIDDEN}], ws[at], 1e-06)
            qkv = torch.add(self.product(h, ws, torch.add(at, 3)), ws[torch.add(at, 2)])
            qk0, v0, = torch.split_with_sizes(qkv, [${TURNEDWIDTH}, ${KEYS}], -1)
            a, b, = torch.chunk(torch.transpose(torch.reshape(qk0, [n, ${TURNED}, ${DIM}]), 0, 1), 2, -1)
            qk = torch.cat([torch.sub(torch.mul(a, c), torch.mul(b, s)), torch.add(torch.mul(b, c), torch.mul(a, s))], -1)
            q, k, = torch.split_with_sizes(qk, [${HEADS}, ${KVHEADS}], 0)
            v = torch.transpose(torch.reshape(v0, [n, ${KVHEADS}, ${DIM}]), 0, 1)
            keys = cache[torch.mul(2, l)]
            values = cache[torch.add(torch.mul(2, l), 1)]
            _0 = torch.copy_(torch.narrow(keys, 1, past, n), k)
            _1 = torch.copy_(torch.narrow(values, 1, past, n), v)
            k1 = torch.unsqueeze(torch.narrow(keys, 1, 0, total), 0)
            v1 = torch.unsqueeze(torch.narrow(values, 1, 0, total), 0)
            if torch.eq(n, 1):
              o = torch.scaled_dot_product_attention(torch.reshape(q, [1, ${KVHEADS}, ${GROUP}, ${DIM}]), k1, v1)
            else:
              o = torch.scaled_dot_product_attention(torch.unsqueeze(q, 0), k1, v1, None, 0., True, enable_gqa=True)
            o1 = torch.reshape(torch.transpose(torch.reshape(o, [${HEADS}, n, ${DIM}]), 0, 1), [n, ${HIDDEN}])
            x1 = torch.add(x, self.product(o1, ws, torch.add(at, 5)))
            h1 = torch.rms_norm(x1, [${HIDDEN}], ws[torch.add(at, 1)], 1e-06)
            g, u, = torch.chunk(self.product(h1, ws, torch.add(at, 7)), 2, -1)
            x = torch.add(x1, self.product(torch.mul(torch.silu(g), u), ws, torch.add(at, 9)))
          last = torch.rms_norm(torch.narrow(x, 0, torch.sub(n, 1), 1), [${HIDDEN}], ws[top], 1e-06)
          return torch.to(self.product(last, ws, torch.add(top, 1)), 6)
      """;
}
