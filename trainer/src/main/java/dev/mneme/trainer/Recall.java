package dev.mneme.trainer;

import dev.mneme.djl.NearestKeys;
import java.util.Arrays;

/** How good a search is: the share of its keys that are as near as the exact search's. */
final class Recall {

  private Recall() {}

  /**
   * Searches both ways.
   *
   * @param queries [queries · width]
   * @param k neighbours of each
   * @return in [0, 1]; 1 for an exact search, NaN without queries
   */
  static double of(Datastore store, KeySearch keys, float[] queries, int k) {
    if (keys.lists() == 1 || queries.length == 0) {
      return keys.lists() == 1 ? 1 : Double.NaN;
    }
    int width = store.width();
    int count = queries.length / width;
    long[] lists = keys.listsOf(queries);
    long hits = 0;
    try (var exact = new ExactSearch(store);
        var all = exact.candidates(0, k)) {
      NearestKeys.Found nearest = all.search(queries, k);
      for (int i = 0; i < count; i++) {
        float[] query = Arrays.copyOfRange(queries, i * width, (i + 1) * width);
        double farthest = 0;
        for (int n = 0; n < k; n++) {
          farthest = Math.max(farthest, distance(store, query, nearest.row(i, n)));
        }
        try (var candidates = keys.candidates(Math.toIntExact(lists[i]), k)) {
          NearestKeys.Found found = candidates.search(query, k);
          for (int n = 0; n < k; n++) {
            hits += distance(store, query, found.row(0, n)) <= farthest ? 1 : 0;
          }
        }
      }
    }
    return (double) hits / ((long) count * k);
  }

  private static double distance(Datastore store, float[] query, long row) {
    float[] key = new float[query.length];
    store.read(row, key, 0);
    double sum = 0;
    for (int i = 0; i < key.length; i++) {
      double gap = query[i] - key[i];
      sum += gap * gap;
    }
    return sum;
  }
}
