package dev.mneme.djl;

/**
 * The beginning of every inference script: what brings weights as files store them to the numbers
 * they are used in, and multiplies by them.
 */
final class ScriptedWeights {

  /** What every inference script's class is called. */
  static final String CLASS = "Inference";

  /** Rows of a matrix looked at, or brought to 8 bits, at a time: both need wider copies. */
  private static final int CHUNK = 4096;

  /**
   * Columns of a matrix in 8 bits are a multiple of this, filled up with zeros: the library's
   * product reads so many at a time, past the end of a row where they are not.
   */
  private static final int ROUNDED_COLUMNS = 32;

  private ScriptedWeights() {}

  static String of(WeightPrecision precision) {
    String products = precision == WeightPrecision.INT8 ? ROUNDED_PRODUCTS : PRODUCTS;
    return LOADING + products.replace("${TYPE}", Integer.toString(precision.products()));
  }

  private static final String LOADING =
      """
      class Inference(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def reinterpreted(self: __torch__.Inference, x: Tensor, size: List[int], stride: List[int]) -> Tensor:
          out = torch.empty([0], dtype=15, device=ops.prim.device(x))
          return torch.set_(out, x, 0, size, stride)
        def converted(self: __torch__.Inference, x: Tensor, type: int) -> Tensor:
          return torch.to(x, type)
        def finite(self: __torch__.Inference, x: Tensor) -> bool:
          out = True
          parts = torch.split(x, %d)
          for i in range(torch.len(parts)):
            out = torch.__and__(out, bool(torch.isfinite(torch.sum(parts[i], dtype=7))))
          return out
        def joined(self: __torch__.Inference, parts: List[Tensor]) -> Tensor:
          return torch.cat(parts)
        def transposed(self: __torch__.Inference, x: Tensor) -> Tensor:
          return torch.t(x)
        def rounded(self: __torch__.Inference, x: Tensor) -> List[Tensor]:
          rows = annotate(List[Tensor], [])
          scales = annotate(List[Tensor], [])
          parts = torch.split(x, %d)
          for i in range(torch.len(parts)):
            w = torch.to(parts[i], 6)
            most = torch.amax(torch.abs(w), [1], True)
            scale = torch.to(torch.clamp_min(torch.div(most, 127.), 1e-30), 15)
            w0 = torch.clamp(torch.round(torch.div(w, torch.to(scale, 6))), -127, 127)
            beyond = torch.remainder(torch.neg(torch.size(w, 1)), %d)
            _0 = torch.append(rows, torch.constant_pad_nd(torch.to(w0, 1), [0, beyond]))
            _1 = torch.append(scales, torch.reshape(scale, [-1]))
          return [torch.cat(rows), torch.cat(scales)]
      """
          .formatted(CHUNK, CHUNK, ROUNDED_COLUMNS);

  private static final String PRODUCTS =
      """
        def product(self: __torch__.Inference, x: Tensor, ws: List[Tensor], at: int) -> Tensor:
          return torch.linear(torch.to(x, ${TYPE}), ws[at])
        def biased(self: __torch__.Inference, x: Tensor, ws: List[Tensor], at: int) -> Tensor:
          return torch.linear(torch.to(x, ${TYPE}), ws[at], ws[torch.add(at, 1)])
      """;

  private static final String ROUNDED_PRODUCTS =
      """
        def product(self: __torch__.Inference, x: Tensor, ws: List[Tensor], at: int) -> Tensor:
          beyond = torch.sub(torch.size(ws[at], 1), torch.size(x, 1))
          x0 = torch.to(x, ${TYPE})
          if torch.gt(beyond, 0):
            x1 = torch.constant_pad_nd(x0, [0, beyond])
          else:
            x1 = x0
          return torch._weight_int8pack_mm(x1, ws[at], ws[torch.add(at, 1)])
        def biased(self: __torch__.Inference, x: Tensor, ws: List[Tensor], at: int) -> Tensor:
          return torch.add(self.product(x, ws, at), ws[torch.add(at, 2)])
      """;
}
