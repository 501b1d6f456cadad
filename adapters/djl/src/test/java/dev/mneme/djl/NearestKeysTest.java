package dev.mneme.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class NearestKeysTest {

  private static final int WIDTH = 24;
  private static final int KEYS = 500;

  private static float[] keys(long seed, int count) {
    var random = new Random(seed);
    float[] keys = new float[count * WIDTH];
    for (int i = 0; i < keys.length; i++) {
      keys[i] = Float.float16ToFloat(Float.floatToFloat16((float) random.nextGaussian()));
    }
    return keys;
  }

  private static MemorySegment block(Arena arena, float[] keys, int from, int to) {
    MemorySegment block = arena.allocate(2L * WIDTH * (to - from), 64);
    for (int i = from * WIDTH; i < to * WIDTH; i++) {
      block.setAtIndex(
          ValueLayout.JAVA_SHORT, i - from * (long) WIDTH, Float.floatToFloat16(keys[i]));
    }
    return block;
  }

  private static double distance(float[] queries, int query, float[] keys, int key) {
    double sum = 0;
    for (int i = 0; i < WIDTH; i++) {
      double gap = queries[query * WIDTH + i] - keys[key * WIDTH + i];
      sum += gap * gap;
    }
    return sum;
  }

  @Test
  void theNearestKeysOfAllBlocksAreFoundInOrder() {
    float[] keys = keys(1, KEYS);
    float[] queries = keys(2, 9);
    try (Arena arena = Arena.ofConfined();
        NearestKeys search = new NearestKeys(WIDTH)) {
      NearestKeys.Found found =
          search.search(
              queries,
              List.of(
                  block(arena, keys, 0, 200),
                  block(arena, keys, 200, 207),
                  block(arena, keys, 207, KEYS)),
              40);
      for (int query = 0; query < 9; query++) {
        int q = query;
        List<Integer> expected =
            IntStream.range(0, KEYS)
                .boxed()
                .sorted(Comparator.comparingDouble(key -> distance(queries, q, keys, key)))
                .limit(40)
                .toList();
        for (int n = 0; n < 40; n++) {
          assertThat(found.row(query, n)).isEqualTo((long) expected.get(n));
          assertThat((double) found.distance(query, n))
              .isCloseTo(distance(queries, query, keys, expected.get(n)), within(1e-3));
        }
      }
    }
  }

  @Test
  void pointsGoToTheirNearestCentre() {
    float[] points = keys(3, 50);
    float[] centres = keys(4, 7);
    try (NearestKeys search = new NearestKeys(WIDTH)) {
      long[] assigned = search.assign(points, centres);
      for (int point = 0; point < 50; point++) {
        int p = point;
        long nearest =
            IntStream.range(0, 7)
                .boxed()
                .min(Comparator.comparingDouble(centre -> distance(points, p, centres, centre)))
                .orElseThrow();
        assertThat(assigned[point]).isEqualTo(nearest);
      }
    }
  }
}
