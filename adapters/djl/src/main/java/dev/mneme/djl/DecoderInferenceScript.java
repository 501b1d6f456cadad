package dev.mneme.djl;

import dev.mneme.store.hf.Attention;
import dev.mneme.store.hf.Attention.Heads;
import dev.mneme.store.hf.DecoderShape;
import dev.mneme.store.hf.FeedForward;
import dev.mneme.store.hf.Rotary;
import dev.mneme.store.hf.SlidingWindow;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A decoder that extends one sequence, as TorchScript: every {@link DecoderShape}, every {@link
 * WeightPrecision}. The text holds the shape and where in the list each weight lies ({@link
 * WeightSlots}); the cache of keys and values, the tables and the rows to fill are arguments.
 *
 * <p>Rows are positions: all tensors of the residual stream are [tokens, hidden] in 32 bits, keys
 * and values [kvHeads, tokens, headDim] in the numbers of the products.
 */
final class DecoderInferenceScript {

  /** Rows of logits made at a time. */
  private static final int HEAD_CHUNK = 64;

  /** A window that no sequence is longer than. */
  private static final int UNLIMITED = Integer.MAX_VALUE;

  private final DecoderShape shape;
  private final Heads heads;
  private final Optional<SlidingWindow> window;
  private final WeightSlots slots;
  private final WeightPrecision precision;

  private DecoderInferenceScript(DecoderShape shape, WeightSlots slots, WeightPrecision precision) {
    this.shape = shape;
    this.heads = shape.attention().heads();
    this.window = shape.attention().window();
    this.slots = slots;
    this.precision = precision;
  }

  static String of(DecoderShape shape, WeightSlots slots, WeightPrecision precision) {
    return new DecoderInferenceScript(shape, slots, precision).text();
  }

  private String text() {
    return ScriptedWeights.of(precision)
        + slots.fill(
            CACHE
                + norms()
                + (shape.rotary().isPresent() ? EMBEDDED : EMBEDDED_WITH_POSITIONS)
                + placement()
                + queries()
                + feedForward()
                + ATTENTION
                + block()
                + SEQUENCE,
            sizes());
  }

  private String norms() {
    return switch (shape.blocks().norm().kind()) {
      case RMS -> FACTORS + RMS_NORM;
      case RMS_ABOVE_ONE -> FACTORS_ABOVE_ONE + RMS_NORM;
      case LAYER -> LAYER_NORM;
    };
  }

  private String placement() {
    if (shape.rotary().isEmpty()) {
      return NOT_ROTATED;
    }
    boolean whole = shape.rotary().get().width() == heads.width();
    return ROTATION + (whole ? WHOLE_HEADS : PARTS_OF_HEADS);
  }

  private String queries() {
    Attention.Projection projection = shape.attention().projection();
    return switch (projection.layout()) {
      case SEPARATE -> projection.normed() ? NORMED_QUERIES : SEPARATE_QUERIES;
      case FUSED -> FUSED_QUERIES;
      case FUSED_BY_HEAD -> QUERIES_BY_HEADS;
    };
  }

  private String feedForward() {
    return switch (shape.feedForward()) {
      case FeedForward.Gated _ -> GATED_FEED_FORWARD;
      case FeedForward.Plain _ -> PLAIN_FEED_FORWARD;
    };
  }

  private String block() {
    return switch (shape.blocks().order()) {
      case SEQUENTIAL -> BLOCK;
      case PARALLEL -> PARALLEL_BLOCK;
      case FOUR_NORMS -> BLOCK_OF_FOUR_NORMS;
    };
  }

  /** Rows of the embedding. */
  private String entered() {
    String rows = "torch.to(torch.embedding(ws[0], ids), 6)";
    double scale = shape.embedding().scale();
    return scale == 1 ? rows : "torch.mul(%s, %s)".formatted(rows, scale);
  }

  /** The activation of {@code x}. */
  private String activated() {
    return switch (shape.feedForward().activation()) {
      case SILU -> "torch.silu(x)";
      case GELU -> "torch.gelu(x, approximate=\"none\")";
      case GELU_TANH -> "torch.gelu(x, approximate=\"tanh\")";
      case QUICK_GELU -> "torch.mul(x, torch.sigmoid(torch.mul(x, 1.702)))";
      case RELU -> "torch.relu(x)";
      case RELU_SQUARED -> "torch.square(torch.relu(x))";
      case RELU6 -> "torch.clamp(x, 0, 6)";
      case LEAKY_RELU -> "torch.leaky_relu(x, 0.01)";
      case HARD_SWISH -> "torch.hardswish(x)";
      case MISH -> "torch.mish(x)";
      case TANH -> "torch.tanh(x)";
      case SIGMOID -> "torch.sigmoid(x)";
      case LINEAR -> "x";
    };
  }

  private Map<String, String> sizes() {
    int rotated = shape.rotary().map(Rotary::width).orElse(heads.width());
    return Map.ofEntries(
        Map.entry("TYPE", Integer.toString(precision.products())),
        Map.entry("HIDDEN", Integer.toString(shape.embedding().width())),
        Map.entry("EPSILON", Double.toString(shape.blocks().norm().epsilon())),
        Map.entry("LAYERS", Integer.toString(shape.blocks().count())),
        Map.entry("HEADS", Integer.toString(heads.queries())),
        Map.entry("KVHEADS", Integer.toString(heads.keyValues())),
        Map.entry("GROUP", Integer.toString(heads.queries() / heads.keyValues())),
        Map.entry("HEADDIM", Integer.toString(heads.width())),
        Map.entry("ROTATED", Integer.toString(rotated)),
        Map.entry("KEPT", Integer.toString(heads.width() - rotated)),
        Map.entry("ACTIVATED", activated()),
        Map.entry("GROUPED", heads.queries() == heads.keyValues() ? "False" : "True"),
        Map.entry("CHUNK", Integer.toString(HEAD_CHUNK)),
        Map.entry("ENTERED", entered()),
        Map.entry("SCALE", scale()),
        Map.entry("WINDOW", Integer.toString(window.map(SlidingWindow::length).orElse(UNLIMITED))),
        Map.entry("IS_FULL", isFull()),
        Map.entry("ANY_FULL", anyBlock(false)),
        Map.entry("ANY_WINDOWED", anyBlock(true)),
        Map.entry("NEAR_TABLE", nearTable()),
        Map.entry("UNLIMITED", Integer.toString(UNLIMITED)));
  }

  /** Whether the block {@code l} has no window. */
  private String isFull() {
    if (window.isEmpty()) {
      return "True";
    }
    return "torch.__not__(torch.__contains__(%s, l))"
        .formatted(window.get().blocks().stream().sorted().toList());
  }

  /** What products of queries and keys are multiplied by in the block {@code l}. */
  private String scale() {
    Attention.Scale scale = shape.attention().scale();
    String factor = Double.toString(scale.factor());
    return scale.dividedByBlock() ? "torch.div(%s, torch.add(l, 1))".formatted(factor) : factor;
  }

  private String anyBlock(boolean windowed) {
    boolean any =
        IntStream.range(0, shape.blocks().count())
            .anyMatch(block -> window.map(w -> w.limits(block)).orElse(false) == windowed);
    return any ? "True" : "False";
  }

  /** The first row of the tables for blocks with a window; see {@link RotaryTable#of}. */
  private String nearTable() {
    return shape.rotary().map(RotaryTable::isDouble).orElse(false)
        ? "torch.floordiv(torch.size(cos, 0), 2)"
        : "0";
  }

  private static final String CACHE =
      """
        def cache(self: __torch__.Inference, of: Tensor, layers: int, heads: int, capacity: int, dim: int, type: int) -> List[Tensor]:
          out = annotate(List[Tensor], [])
          for l in range(torch.mul(2, layers)):
            _0 = torch.append(out, torch.new_empty(of, [heads, capacity, dim], dtype=type))
          return out
      """;

  private static final String FACTORS =
      """
        def factors(self: __torch__.Inference, ws: List[Tensor], at: int) -> Tensor:
          return ws[at]
      """;

  private static final String FACTORS_ABOVE_ONE =
      """
        def factors(self: __torch__.Inference, ws: List[Tensor], at: int) -> Tensor:
          return torch.add(ws[at], 1)
      """;

  private static final String RMS_NORM =
      """
        def normed(self: __torch__.Inference, x: Tensor, ws: List[Tensor], at: int) -> Tensor:
          return torch.rms_norm(x, [${HIDDEN}], self.factors(ws, at), ${EPSILON})
      """;

  private static final String LAYER_NORM =
      """
        def normed(self: __torch__.Inference, x: Tensor, ws: List[Tensor], at: int) -> Tensor:
          return torch.layer_norm(x, [${HIDDEN}], ws[at], ws[torch.add(at, 1)], ${EPSILON})
      """;

  private static final String EMBEDDED =
      """
        def embedded(self: __torch__.Inference, ids: Tensor, positions: Tensor, ws: List[Tensor]) -> Tensor:
          return ${ENTERED}
      """;

  private static final String ROTATION =
      """
        def turned(self: __torch__.Inference, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
          a, b, = torch.chunk(x, 2, -1)
          return torch.cat([torch.sub(torch.mul(a, cos), torch.mul(b, sin)), torch.add(torch.mul(b, cos), torch.mul(a, sin))], -1)
      """;

  private static final String WHOLE_HEADS =
      """
        def placed(self: __torch__.Inference, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
          return self.turned(torch.to(x, 6), cos, sin)
      """;

  private static final String PARTS_OF_HEADS =
      """
        def placed(self: __torch__.Inference, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
          a, b, = torch.split_with_sizes(torch.to(x, 6), [${ROTATED}, ${KEPT}], -1)
          return torch.cat([self.turned(a, cos, sin), b], -1)
      """;

  private static final String EMBEDDED_WITH_POSITIONS =
      """
        def embedded(self: __torch__.Inference, ids: Tensor, positions: Tensor, ws: List[Tensor]) -> Tensor:
          return torch.add(${ENTERED}, torch.to(torch.embedding(ws[1], positions), 6))
      """;

  private static final String NOT_ROTATED =
      """
        def placed(self: __torch__.Inference, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
          return x
      """;

  private static final String SEPARATE_QUERIES =
      """
        def queries(self: __torch__.Inference, h: Tensor, ws: List[Tensor], at: int) -> Tuple[Tensor, Tensor, Tensor]:
          return (${attn_q_of_h}, ${attn_k_of_h}, ${attn_v_of_h})
      """;

  private static final String NORMED_QUERIES =
      """
        def normedHeads(self: __torch__.Inference, x: Tensor, heads: int, ws: List[Tensor], at: int) -> Tensor:
          parts = torch.reshape(torch.to(x, 6), [torch.size(x, 0), heads, ${HEADDIM}])
          return torch.rms_norm(parts, [${HEADDIM}], self.factors(ws, at), ${EPSILON})
        def queries(self: __torch__.Inference, h: Tensor, ws: List[Tensor], at: int) -> Tuple[Tensor, Tensor, Tensor]:
          q = self.normedHeads(${attn_q_of_h}, ${HEADS}, ws, ${attn_q_norm})
          k = self.normedHeads(${attn_k_of_h}, ${KVHEADS}, ws, ${attn_k_norm})
          return (q, k, ${attn_v_of_h})
      """;

  private static final String FUSED_QUERIES =
      """
        def queries(self: __torch__.Inference, h: Tensor, ws: List[Tensor], at: int) -> Tuple[Tensor, Tensor, Tensor]:
          q, k, v, = torch.chunk(${attn_qkv_of_h}, 3, -1)
          return (q, k, v)
      """;

  private static final String QUERIES_BY_HEADS =
      """
        def queries(self: __torch__.Inference, h: Tensor, ws: List[Tensor], at: int) -> Tuple[Tensor, Tensor, Tensor]:
          n = torch.size(h, 0)
          q, k, v, = torch.chunk(torch.reshape(${attn_qkv_of_h}, [n, ${HEADS}, torch.mul(3, ${HEADDIM})]), 3, -1)
          return (q, k, v)
      """;

  private static final String GATED_FEED_FORWARD =
      """
        def activated(self: __torch__.Inference, x: Tensor) -> Tensor:
          return ${ACTIVATED}
        def fed(self: __torch__.Inference, h: Tensor, ws: List[Tensor], at: int) -> Tensor:
          u = torch.mul(self.activated(${ffn_gate_of_h}), ${ffn_up_of_h})
          return torch.to(${ffn_down_of_u}, 6)
      """;

  private static final String PLAIN_FEED_FORWARD =
      """
        def activated(self: __torch__.Inference, x: Tensor) -> Tensor:
          return ${ACTIVATED}
        def fed(self: __torch__.Inference, h: Tensor, ws: List[Tensor], at: int) -> Tensor:
          u = self.activated(${ffn_up_of_h})
          return torch.to(${ffn_down_of_u}, 6)
      """;

  /**
   * Attention: a single token, and tokens after others, multiply the queries of all heads that
   * share keys in one go. The library's own causal mask starts at the first key, so it fits only an
   * empty cache and no more tokens than the block's window has; then {@code seen} is empty. Keys
   * before {@code first} lie behind the window of all tokens.
   */
  private static final String ATTENTION =
      """
        def first(self: __torch__.Inference, past: int, window: int) -> int:
          if torch.gt(torch.add(past, 1), window):
            out = torch.sub(torch.add(past, 1), window)
          else:
            out = 0
          return out
        def seen(self: __torch__.Inference, past: int, n: int, window: int, columns: Tensor) -> Tensor:
          if torch.__and__(torch.gt(n, 1), torch.__or__(torch.gt(past, 0), torch.gt(n, window))):
            first = self.first(past, window)
            keys = torch.unsqueeze(torch.narrow(columns, 0, first, torch.sub(torch.add(past, n), first)), 0)
            positions = torch.unsqueeze(torch.narrow(columns, 0, past, n), 1)
            near = torch.gt(keys, torch.sub(positions, window))
            out = torch.repeat(torch.logical_and(torch.le(keys, positions), near), [${GROUP}, 1])
          else:
            out = torch.narrow(columns, 0, 0, 0)
          return out
        def attended(self: __torch__.Inference, x: Tensor, past: int, first: int, cos: Tensor, sin: Tensor, seen: Tensor, scale: float, keys: Tensor, values: Tensor, ws: List[Tensor], at: int) -> Tensor:
          n = torch.size(x, 0)
          total = torch.add(past, n)
          q, k, v, = self.queries(self.normed(x, ws, ${attn_norm}), ws, at)
          q0 = torch.to(self.placed(torch.transpose(torch.reshape(q, [n, ${HEADS}, ${HEADDIM}]), 0, 1), cos, sin), ${TYPE})
          k0 = self.placed(torch.transpose(torch.reshape(k, [n, ${KVHEADS}, ${HEADDIM}]), 0, 1), cos, sin)
          v0 = torch.transpose(torch.reshape(v, [n, ${KVHEADS}, ${HEADDIM}]), 0, 1)
          _0 = torch.copy_(torch.narrow(keys, 1, past, n), k0)
          _1 = torch.copy_(torch.narrow(values, 1, past, n), v0)
          k1 = torch.unsqueeze(torch.narrow(keys, 1, first, torch.sub(total, first)), 0)
          v1 = torch.unsqueeze(torch.narrow(values, 1, first, torch.sub(total, first)), 0)
          if torch.eq(n, 1):
            q1 = torch.reshape(q0, [1, ${KVHEADS}, ${GROUP}, ${HEADDIM}])
            o = torch.scaled_dot_product_attention(q1, k1, v1, scale=scale)
          else:
            if torch.eq(torch.numel(seen), 0):
              o = torch.scaled_dot_product_attention(torch.unsqueeze(q0, 0), k1, v1, None, 0., True, scale=scale, enable_gqa=${GROUPED})
            else:
              q1 = torch.reshape(q0, [1, ${KVHEADS}, torch.mul(${GROUP}, n), ${HEADDIM}])
              o = torch.scaled_dot_product_attention(q1, k1, v1, seen, scale=scale)
          a = torch.reshape(torch.transpose(torch.reshape(o, [${HEADS}, n, ${HEADDIM}]), 0, 1), [n, torch.mul(${HEADS}, ${HEADDIM})])
          return torch.to(${attn_output_of_a}, 6)
        def keep(self: __torch__.Inference, x: Tensor, tap: Tensor, rows: int) -> None:
          if torch.__and__(torch.gt(torch.numel(tap), 0), torch.gt(rows, 0)):
            last = torch.narrow(x, 0, torch.sub(torch.size(x, 0), rows), rows)
            _0 = torch.copy_(torch.narrow(tap, 0, 0, rows), last)
          return None
      """;

  private static final String BLOCK =
      """
        def block(self: __torch__.Inference, x: Tensor, attended: Tensor, tap: Tensor, rows: int, ws: List[Tensor], at: int) -> Tensor:
          x0 = torch.add(x, attended)
          h = self.normed(x0, ws, ${ffn_norm})
          _0 = self.keep(h, tap, rows)
          return torch.add(x0, self.fed(h, ws, at))
      """;

  private static final String BLOCK_OF_FOUR_NORMS =
      """
        def block(self: __torch__.Inference, x: Tensor, attended: Tensor, tap: Tensor, rows: int, ws: List[Tensor], at: int) -> Tensor:
          x0 = torch.add(x, self.normed(attended, ws, ${post_attention_norm}))
          h = self.normed(x0, ws, ${ffn_norm})
          _0 = self.keep(h, tap, rows)
          return torch.add(x0, self.normed(self.fed(h, ws, at), ws, ${post_ffw_norm}))
      """;

  private static final String PARALLEL_BLOCK =
      """
        def block(self: __torch__.Inference, x: Tensor, attended: Tensor, tap: Tensor, rows: int, ws: List[Tensor], at: int) -> Tensor:
          h = self.normed(x, ws, ${ffn_norm})
          _0 = self.keep(h, tap, rows)
          return torch.add(torch.add(x, attended), self.fed(h, ws, at))
      """;

  private static final String SEQUENCE =
      """
        def forward(self: __torch__.Inference, n: int, past: int, rows: int, ids: Tensor, columns: Tensor, cos: Tensor, sin: Tensor, cache: List[Tensor], taps: List[Tensor], logits: Tensor, ws: List[Tensor]) -> int:
          ids0 = torch.to(torch.narrow(ids, 0, 0, n), ops.prim.device(columns))
          x = self.embedded(ids0, torch.narrow(columns, 0, past, n), ws)
          farCos = torch.narrow(cos, 0, past, n)
          farSin = torch.narrow(sin, 0, past, n)
          nearCos = torch.narrow(cos, 0, torch.add(${NEAR_TABLE}, past), n)
          nearSin = torch.narrow(sin, 0, torch.add(${NEAR_TABLE}, past), n)
          none = torch.narrow(columns, 0, 0, 0)
          if ${ANY_FULL}:
            allSeen = self.seen(past, n, ${UNLIMITED}, columns)
          else:
            allSeen = none
          if ${ANY_WINDOWED}:
            nearSeen = self.seen(past, n, ${WINDOW}, columns)
          else:
            nearSeen = none
          nearFirst = self.first(past, ${WINDOW})
          for l in range(${LAYERS}):
            if ${IS_FULL}:
              seen = allSeen
              first = 0
              cos0 = farCos
              sin0 = farSin
            else:
              seen = nearSeen
              first = nearFirst
              cos0 = nearCos
              sin0 = nearSin
            at = ${BLOCK}
            point = torch.mul(2, l)
            attended = self.attended(x, past, first, cos0, sin0, seen, ${SCALE}, cache[point], cache[torch.add(point, 1)], ws, at)
            x = self.block(x, attended, taps[point], rows, ws, at)
            _1 = self.keep(x, taps[torch.add(point, 1)], rows)
          if torch.gt(rows, 0):
            last = self.normed(torch.narrow(x, 0, torch.sub(n, rows), rows), ws, ${output_norm})
            parts = torch.split(last, ${CHUNK})
            for i in range(torch.len(parts)):
              h = parts[i]
              z = ${output_of_h}
              _2 = torch.copy_(torch.narrow(logits, 0, torch.mul(i, ${CHUNK}), torch.size(z, 0)), z)
          return rows
      """;
}
