package dev.mneme;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** The selection against the plain way: sort everything, then take from the front. */
class TopSelectionProperties {

  /** What {@link TopSelection#keep} promises, in the words of a sort. */
  private static float[] keptBySorting(float[] row, int k, double share) {
    List<Integer> ranked =
        IntStream.range(0, row.length)
            .filter(id -> row[id] > 0)
            .boxed()
            .sorted(Comparator.comparing((Integer id) -> -row[id]).thenComparing(id -> id))
            .limit(k)
            .toList();
    double sum = 0;
    for (float p : row) {
      sum += Math.max(0, p);
    }
    double unit = Math.scalb(1.0, Math.getExponent(sum) - 60);
    long total = ranked.stream().mapToLong(id -> (long) (row[id] / unit)).sum();
    double wanted = share < 1 ? Math.ceil(share * total) : Double.POSITIVE_INFINITY;
    float[] kept = new float[row.length];
    long reached = 0;
    for (int i = 0; i < ranked.size() && (i == 0 || reached < wanted); i++) {
      int id = ranked.get(i);
      kept[id] = row[id];
      reached += (long) (row[id] / unit);
    }
    return kept;
  }

  private static void assertSame(float[] row, int k, double share) {
    float[] expected = keptBySorting(row, k, share);
    float[] actual = row.clone();
    new TopSelection().keep(actual, actual.length, k, share);
    assertThat(actual).isEqualTo(expected);
  }

  /** Values of every size, many equal, zeros and denormals among them. */
  @Provide
  Arbitrary<float[]> rows() {
    Arbitrary<Float> any = Arbitraries.floats().between(0, 1);
    Arbitrary<Float> few = Arbitraries.of(0f, 0.125f, 0.25f, 0.1f, 0.3f, 1f, 1e-12f);
    Arbitrary<Float> tiny =
        Arbitraries.integers().between(0, 0x0100_0000).map(Float::intBitsToFloat);
    Arbitrary<Float> close =
        Arbitraries.integers().between(0x3D80_0000, 0x3D80_0003).map(Float::intBitsToFloat);
    return Arbitraries.of(List.of(any, few, tiny, close, Arbitraries.oneOf(any, few, tiny, close)))
        .flatMap(kind -> kind.array(float[].class).ofMinSize(1).ofMaxSize(80));
  }

  @Property(tries = 3000)
  void keepsWhatSortingKeeps(
      @ForAll("rows") float[] row,
      @ForAll @IntRange(min = 1, max = 90) int k,
      @ForAll @DoubleRange(min = 0, minIncluded = false, max = 1) double share) {
    assertSame(row, k, share);
  }

  @Property(tries = 500)
  void keepsWhatSortingKeepsAtSharesThatEqualsReachExactly(
      @ForAll @IntRange(min = 1, max = 64) int equals,
      @ForAll @IntRange(min = 1, max = 64) int part,
      @ForAll @IntRange(min = 1, max = 64) int k) {
    float[] row = new float[64];
    Arrays.fill(row, 0, equals, 1f / 64);
    assertSame(row, k, part / 64.0);
  }

  /** Rows like a model's: a few likely entries, a long tail. */
  @Property(tries = 8)
  void keepsWhatSortingKeepsOfAWholeVocabulary(
      @ForAll long seed,
      @ForAll @DoubleRange(min = 0.01, max = 6) double spread,
      @ForAll @DoubleRange(min = 0.01, max = 1) double share) {
    float[] row = vocabularyRow(seed, spread);
    assertSame(row, row.length, share);
    assertSame(row, 1 + (int) (share * 1000), share);
  }

  private static float[] vocabularyRow(long seed, double spread) {
    var random = new Random(seed);
    double[] weights = new double[151_936];
    Arrays.setAll(weights, i -> Math.exp(spread * random.nextGaussian()));
    double sum = Arrays.stream(weights).sum();
    float[] row = new float[weights.length];
    for (int i = 0; i < row.length; i++) {
      row[i] = (float) (weights[i] / sum);
    }
    return row;
  }

  @Test
  void neverKeepsWhatHasNoProbability() {
    assertSame(new float[] {0, -0f, 0.5f, 0}, 4, 0.999);
    assertSame(new float[3], 3, 0.5);
    assertSame(new float[] {0, 0.25f, 0.25f, 0}, 4, 1);
  }

  @Test
  void leavesEntriesPastTheWidthAlone() {
    float[] row = {0.1f, 0.4f, 0.3f, 0.2f};
    new TopSelection().keep(row, 2, 1, 1);
    assertThat(row).containsExactly(0, 0.4f, 0.3f, 0.2f);
  }

  @Test
  void drawingAllocatesNothingAfterTheFirstToken() {
    Sampler sampler =
        Sampler.of(Sampling.of(0.8).withTopP(0.95).withTopK(500).withRepetitionPenalty(1.1, 64));
    float[] row = vocabularyRow(1, 3);
    float[] p = new float[row.length];
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    // The least of several draws: the JVM itself may allocate on this thread while it compiles.
    for (int i = 0; i < 20; i++) {
      System.arraycopy(row, 0, p, 0, row.length);
      long before = threads.getCurrentThreadAllocatedBytes();
      int id = sampler.next(p, p.length);
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      sampler.accept(id);
    }
    assertThat(least).isZero();
  }
}
