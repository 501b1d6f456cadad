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
import java.util.Arrays;

/**
 * Finds the keys nearest to queries among some ten thousand, several times faster than {@link
 * NearestKeys}: keys are rounded to bfloat16, and of the products only those that may be among the
 * winners are looked at. Squared distances are rounded with the products, to about a hundredth of
 * the keys' own squared length, so keys should be given relative to their mean. Used by one thread
 * at a time; owns native memory, freed by closing.
 */
public final class RoundedKeys implements AutoCloseable {

  private static final String CLASS = "Rounded";

  /** A bar is set by every 16th key: it lets through those that are likely among the winners. */
  private static final int SAMPLE = 16;

  /** Standard deviations by which the bar is lower than the winners' expected place. */
  private static final double CAUTION = 4;

  /**
   * A score is query·key - |key|²/2; the greater the nearer. {@code over} gives, of all scores,
   * laid out query after query, the places and values from the {@code rank}-th of the sampled ones
   * on, and how many each query has.
   */
  private static final String TEXT =
      """
      class Rounded(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def scores(self: __torch__.Rounded, queries: Tensor, keys: Tensor, half_norms: Tensor, rounded: bool) -> Tensor:
          q = torch.to(queries, 15)
          k = torch.to(keys, 15)
          if rounded:
            products = torch.to(torch.linear(q, k), 6)
          else:
            products = torch.linear(torch.to(q, 6), torch.to(k, 6))
          return torch.sub_(products, half_norms)
        def over(self: __torch__.Rounded, scores: Tensor, step: int, rank: int) -> Tuple[Tensor, Tensor, Tensor]:
          sample = torch.slice(scores, 1, 0, None, step)
          best, _0, = torch.topk(sample, rank, 1, True, False)
          mask = torch.ge(scores, torch.amin(best, [1], True))
          places = torch.reshape(torch.nonzero(torch.reshape(mask, [-1])), [-1])
          values = torch.index_select(torch.reshape(scores, [-1]), 0, places)
          return (places, values, torch.sum(mask, [1]))
      """;

  private final Script script = new Script(CLASS, TEXT);
  private final PtNDManager manager = Torch.newManager();
  private final int width;
  private final boolean bfloat16;

  /**
   * A search over keys of one width.
   *
   * @param width numbers of a key
   * @param bfloat16 whether to multiply in bfloat16; if not, the rounded keys are multiplied in 32
   *     bits
   */
  public RoundedKeys(int width, boolean bfloat16) {
    this.width = width;
    this.bfloat16 = bfloat16;
  }

  /**
   * The nearest of all keys, in no order.
   *
   * @param queries [queries · width]
   * @param keys in half precision, [keys · width], below 2 GiB, outside the heap, at native byte
   *     order
   * @param halfNorms |key|²/2 of each key rounded to bfloat16, 32 bits, outside the heap
   * @param k how many to find, at most all
   */
  public NearestKeys.Found search(
      float[] queries, MemorySegment keys, MemorySegment halfNorms, int k) {
    int count = Math.toIntExact(halfNorms.byteSize() / Float.BYTES);
    Preconditions.checkArgument(k > 0 && k <= count, "k is %s for %s keys", k, count);
    int rows = queries.length / width;
    try (PtNDManager step = (PtNDManager) manager.newSubManager();
        IValue q = IValue.from(floats(step, queries, new Shape(rows, width)));
        IValue all = IValue.from(outside(step, keys, new Shape(count, width), DataType.FLOAT16));
        IValue norms = IValue.from(outside(step, halfNorms, new Shape(count), DataType.FLOAT32));
        IValue rounded = IValue.from(bfloat16);
        IValue scores = script.run("scores", q, all, norms, rounded)) {
      double expected = (double) k / SAMPLE;
      int rank = (int) Math.ceil(expected + CAUTION * Math.sqrt(expected));
      while (rank <= count / SAMPLE) {
        Passed passed = passed(step, scores, SAMPLE, rank);
        if (passed.fewest() >= k) {
          return winners(queries, passed, count, k);
        }
        rank *= 2;
      }
      return winners(queries, passed(step, scores, 1, k), count, k);
    }
  }

  /** Scores over the bar: their places among all scores, and how many each query has. */
  private static final class Passed {
    final long[] places;
    final float[] values;
    final long[] counts;

    Passed(long[] places, float[] values, long[] counts) {
      this.places = places;
      this.values = values;
      this.counts = counts;
    }

    long fewest() {
      return Arrays.stream(counts).min().orElse(0);
    }
  }

  private Passed passed(PtNDManager step, IValue scores, int sample, int rank) {
    try (IValue every = IValue.from((long) sample);
        IValue place = IValue.from((long) rank);
        IValue found = script.run("over", scores, every, place)) {
      IValue[] parts = found.toIValueTuple();
      try (IValue places = parts[0];
          IValue values = parts[1];
          IValue counts = parts[2]) {
        return new Passed(
            places.toTensor(step).toLongArray(),
            values.toTensor(step).toFloatArray(),
            counts.toTensor(step).toLongArray());
      }
    }
  }

  private NearestKeys.Found winners(float[] queries, Passed passed, int keys, int k) {
    int rows = passed.counts.length;
    float[] distances = new float[rows * k];
    long[] found = new long[rows * k];
    int from = 0;
    for (int query = 0; query < rows; query++) {
      int to = from + Math.toIntExact(passed.counts[query]);
      float bar = LargestFloats.kth(Arrays.copyOfRange(passed.values, from, to), k);
      double own = 0;
      for (int i = query * width; i < (query + 1) * width; i++) {
        own += queries[i] * (double) queries[i];
      }
      int atBar = k;
      for (int i = from; i < to; i++) {
        atBar -= passed.values[i] > bar ? 1 : 0;
      }
      int at = query * k;
      for (int i = from; i < to; i++) {
        float value = passed.values[i];
        if (value > bar || (value == bar && atBar-- > 0)) {
          distances[at] = (float) (own - 2.0 * value);
          found[at++] = passed.places[i] - (long) query * keys;
        }
      }
      from = to;
    }
    return new NearestKeys.Found(k, distances, found);
  }

  private static PtNDArray floats(PtNDManager owner, float[] values, Shape shape) {
    return owner.create(FloatBuffer.wrap(values), shape, DataType.FLOAT32);
  }

  private static PtNDArray outside(
      PtNDManager owner, MemorySegment values, Shape shape, DataType type) {
    Preconditions.checkArgument(values.isNative(), "keys lie outside the heap");
    return owner.create(values.asByteBuffer().order(ByteOrder.nativeOrder()), shape, type);
  }

  @Override
  public void close() {
    script.close();
    manager.close();
  }
}
