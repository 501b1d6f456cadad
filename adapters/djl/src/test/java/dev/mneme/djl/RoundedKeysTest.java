package dev.mneme.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RoundedKeysTest {

  private static final int WIDTH = 24;

  /** Numbers that bfloat16 and half precision hold exactly, so that only products are rounded. */
  private static float[] numbers(long seed, int count) {
    var random = new Random(seed);
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = Math.round(16 * random.nextGaussian()) / 16f;
    }
    return numbers;
  }

  private static MemorySegment half(Arena arena, float[] numbers) {
    MemorySegment segment = arena.allocate(ValueLayout.JAVA_SHORT, numbers.length);
    for (int i = 0; i < numbers.length; i++) {
      segment.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(numbers[i]));
    }
    return segment;
  }

  private static MemorySegment halfNorms(Arena arena, float[] keys) {
    MemorySegment norms = arena.allocate(ValueLayout.JAVA_FLOAT, keys.length / WIDTH);
    for (int key = 0; key < keys.length / WIDTH; key++) {
      float[] one = Arrays.copyOfRange(keys, key * WIDTH, (key + 1) * WIDTH);
      float norm = (float) distance(one, 0, new float[WIDTH], 0);
      norms.setAtIndex(ValueLayout.JAVA_FLOAT, key, norm / 2);
    }
    return norms;
  }

  private static double distance(float[] queries, int query, float[] keys, int key) {
    double sum = 0;
    for (int i = 0; i < WIDTH; i++) {
      double gap = queries[query * WIDTH + i] - keys[key * WIDTH + i];
      sum += gap * gap;
    }
    return sum;
  }

  private static List<Integer> nearest(float[] queries, int query, float[] keys, int k) {
    return IntStream.range(0, keys.length / WIDTH)
        .boxed()
        .sorted(Comparator.comparingDouble(key -> distance(queries, query, keys, key)))
        .limit(k)
        .toList();
  }

  /** Few keys, where all are looked at, and many, where a sample sets the bar. */
  @ParameterizedTest
  @CsvSource({"300, 40", "300, 300", "9000, 1", "9000, 70"})
  void in32BitsExactlyTheNearestAreFound(int count, int k) {
    float[] keys = numbers(1, count * WIDTH);
    float[] queries = numbers(2, 9 * WIDTH);
    try (Arena arena = Arena.ofConfined();
        RoundedKeys search = new RoundedKeys(WIDTH, false)) {
      NearestKeys.Found found =
          search.search(queries, half(arena, keys), halfNorms(arena, keys), k);
      assertThat(found.k()).isEqualTo(k);
      for (int query = 0; query < 9; query++) {
        Set<Integer> rows = new HashSet<>();
        for (int n = 0; n < k; n++) {
          int row = Math.toIntExact(found.row(query, n));
          rows.add(row);
          assertThat((double) found.distance(query, n))
              .isCloseTo(distance(queries, query, keys, row), within(1e-3));
        }
        assertThat(rows).isEqualTo(new HashSet<>(nearest(queries, query, keys, k)));
      }
    }
  }

  @Test
  void inBfloat16DistancesAreRoundedAndNearlyTheSameAreFound() {
    float[] keys = numbers(3, 9_000 * WIDTH);
    float[] queries = numbers(4, 20 * WIDTH);
    int k = 100;
    try (Arena arena = Arena.ofConfined();
        RoundedKeys search = new RoundedKeys(WIDTH, true)) {
      NearestKeys.Found found =
          search.search(queries, half(arena, keys), halfNorms(arena, keys), k);
      int right = 0;
      for (int query = 0; query < 20; query++) {
        var expected = new HashSet<>(nearest(queries, query, keys, k));
        for (int n = 0; n < k; n++) {
          int row = Math.toIntExact(found.row(query, n));
          right += expected.contains(row) ? 1 : 0;
          assertThat((double) found.distance(query, n))
              .isCloseTo(distance(queries, query, keys, row), within(0.25));
        }
      }
      assertThat(right).isBetween(19 * k, 20 * k);
    }
  }

  @Test
  void ofEqualKeysAsManyAreFoundAsWanted() {
    float[] keys = new float[5_000 * WIDTH];
    float[] queries = numbers(5, 2 * WIDTH);
    try (Arena arena = Arena.ofConfined();
        RoundedKeys search = new RoundedKeys(WIDTH, true)) {
      NearestKeys.Found found =
          search.search(queries, half(arena, keys), halfNorms(arena, keys), 7);
      for (int query = 0; query < 2; query++) {
        int q = query;
        assertThat(IntStream.range(0, 7).mapToLong(n -> found.row(q, n)).distinct()).hasSize(7);
      }
    }
  }

  @Test
  void moreNeighboursThanKeysAreRefused() {
    try (Arena arena = Arena.ofConfined();
        RoundedKeys search = new RoundedKeys(WIDTH, false)) {
      float[] keys = numbers(6, 5 * WIDTH);
      assertThatThrownBy(
              () -> search.search(numbers(7, WIDTH), half(arena, keys), halfNorms(arena, keys), 6))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("6 for 5 keys");
    }
  }
}
