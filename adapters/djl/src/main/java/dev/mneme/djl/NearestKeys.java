package dev.mneme.djl;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import com.google.common.base.Preconditions;
import dev.mneme.djl.internal.Script;
import dev.mneme.djl.internal.Torch;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds the keys nearest to queries by squared Euclidean distance, computed in 32 bits over all the
 * keys given: exact for those. Used by one thread at a time; owns native memory, freed by closing.
 */
public final class NearestKeys implements AutoCloseable {

  /** The nearest keys of some queries, equally many for each. */
  public static final class Found {
    private final int k;
    private final float[] distances;
    private final long[] rows;

    Found(int k, float[] distances, long[] rows) {
      this.k = k;
      this.distances = distances;
      this.rows = rows;
    }

    /** Keys found for each query. */
    public int k() {
      return k;
    }

    /** Squared distance of a query's n-th key; not below 0 but for rounding. */
    public float distance(int query, int n) {
      return distances[query * k + n];
    }

    /** The row of that key, counted through all keys searched. */
    public long row(int query, int n) {
      return rows[query * k + n];
    }

    /** The same keys under other numbers: {@code numbers[row]} for each row. */
    public Found renumbered(int[] numbers) {
      long[] renumbered = new long[rows.length];
      for (int i = 0; i < rows.length; i++) {
        renumbered[i] = numbers[(int) rows[i]];
      }
      return new Found(k, distances, renumbered);
    }
  }

  private static final String CLASS = "Nearest";

  /**
   * Squared distance up to the query's own norm is |key|² - 2·query·key; blocks are searched one by
   * one and their winners compared.
   */
  private static final String TEXT =
      """
      class Nearest(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def nearest(self: __torch__.Nearest, queries: Tensor, k: int, blocks: List[Tensor]) -> Tuple[Tensor, Tensor]:
          best = torch.zeros([0])
          rows = torch.zeros([0], dtype=4)
          start = 0
          for i in range(torch.len(blocks)):
            keys = torch.to(blocks[i], 6)
            norms = torch.sum(torch.mul(keys, keys), [1])
            scores = torch.sub_(torch.mul_(torch.linear(queries, keys), 2.), norms)
            size = torch.size(keys, 0)
            most = ops.prim.min(k, size)
            v, r, = torch.topk(scores, most, 1, True, True)
            r0 = torch.add(r, start)
            if torch.eq(i, 0):
              best0 = v
              rows0 = r0
            else:
              v1 = torch.cat([best, v], 1)
              r1 = torch.cat([rows, r0], 1)
              both = torch.size(v1, 1)
              v2, at, = torch.topk(v1, ops.prim.min(k, both), 1, True, True)
              best0 = v2
              rows0 = torch.gather(r1, 1, at)
            best = best0
            rows = rows0
            start = torch.add(start, size)
          own = torch.sum(torch.mul(queries, queries), [1], True)
          return (torch.sub(own, best), rows)
        def assign(self: __torch__.Nearest, points: Tensor, centres: Tensor) -> Tensor:
          norms = torch.sum(torch.mul(centres, centres), [1])
          scores = torch.sub_(torch.mul_(torch.linear(points, centres), 2.), norms)
          return torch.argmax(scores, 1)
      """;

  private final Script script = new Script(CLASS, TEXT);
  private final PtNDManager manager = Torch.newManager();
  private final int width;

  /**
   * A search over keys of one width.
   *
   * @param width numbers of a key
   */
  public NearestKeys(int width) {
    this.width = width;
  }

  /**
   * The nearest of all keys in the blocks, nearest first.
   *
   * @param queries [queries · width]
   * @param blocks keys in half precision, [rows · width] each, below 2 GiB, at native byte order
   * @param k how many to find, at most the rows of all blocks
   */
  public Found search(float[] queries, List<MemorySegment> blocks, int k) {
    long rows = 0;
    for (MemorySegment block : blocks) {
      rows += rows(block);
    }
    Preconditions.checkArgument(k > 0 && k <= rows, "k is %s for %s keys", k, rows);
    try (PtNDManager step = (PtNDManager) manager.newSubManager()) {
      var tensors = new ArrayList<PtNDArray>();
      for (MemorySegment block : blocks) {
        tensors.add(
            step.create(
                direct(block).asByteBuffer().order(ByteOrder.nativeOrder()),
                new Shape(rows(block), width),
                DataType.FLOAT16));
      }
      try (IValue q = IValue.from(points(step, queries));
          IValue most = IValue.from((long) k);
          IValue list = Script.list(tensors);
          IValue found = script.run("nearest", q, most, list)) {
        IValue[] both = found.toIValueTuple();
        try (IValue distances = both[0];
            IValue indices = both[1]) {
          return new Found(
              k, distances.toTensor(step).toFloatArray(), indices.toTensor(step).toLongArray());
        }
      }
    }
  }

  /**
   * The nearest of a few centres for every point.
   *
   * @param points [points · width]
   * @param centres [centres · width]
   * @return the centre of each point
   */
  public long[] assign(float[] points, float[] centres) {
    try (PtNDManager step = (PtNDManager) manager.newSubManager();
        IValue p = IValue.from(points(step, points));
        IValue c = IValue.from(points(step, centres));
        IValue result = script.run("assign", p, c)) {
      return result.toTensor(step).toLongArray();
    }
  }

  private PtNDArray points(PtNDManager owner, float[] values) {
    return owner.create(
        FloatBuffer.wrap(values), new Shape(values.length / width, width), DataType.FLOAT32);
  }

  private long rows(MemorySegment block) {
    return block.byteSize() / (width * 2L);
  }

  private static MemorySegment direct(MemorySegment block) {
    Preconditions.checkArgument(block.isNative(), "keys lie outside the heap");
    return block;
  }

  @Override
  public void close() {
    script.close();
    manager.close();
  }
}
