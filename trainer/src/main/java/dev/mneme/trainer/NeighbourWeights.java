package dev.mneme.trainer;

import com.google.common.base.Preconditions;
import dev.mneme.djl.NearestKeys;
import java.util.Arrays;
import java.util.function.LongToIntFunction;

/**
 * Turns a position's neighbours into the distribution of kNN-LM (arXiv 1911.00172, equation 2):
 * p(v) in proportion to the sum of exp(-d²/τ) over the neighbours whose value is v. Used by one
 * thread.
 */
final class NeighbourWeights {

  private final double temperature;
  private final double[] mass;
  private final int[] ids;
  private int count;

  /**
   * Weights over a vocabulary.
   *
   * @param temperature τ, in the unit of squared distances
   */
  NeighbourWeights(int vocabulary, double temperature) {
    this.temperature = temperature;
    this.mass = new double[vocabulary];
    this.ids = new int[vocabulary];
  }

  /**
   * Sums up one query's neighbours.
   *
   * @param found at most one more than {@code most} besides the query's own entry
   * @param self the row to leave out, -1 for none
   * @param most neighbours to take; the farthest is left out if there is one too many
   * @param value a row's token
   */
  void sum(NearestKeys.Found found, int query, long self, int most, LongToIntFunction value) {
    for (int i = 0; i < count; i++) {
      mass[ids[i]] = 0;
    }
    count = 0;
    int own = -1;
    int farthest = -1;
    double nearest = Double.POSITIVE_INFINITY;
    for (int n = 0; n < found.k(); n++) {
      if (found.row(query, n) == self) {
        own = n;
        continue;
      }
      float distance = found.distance(query, n);
      nearest = Math.min(nearest, distance);
      if (farthest < 0 || distance > found.distance(query, farthest)) {
        farthest = n;
      }
    }
    int surplus = found.k() - (own < 0 ? 0 : 1) - most;
    Preconditions.checkArgument(surplus <= 1, "%s neighbours too many", surplus);
    for (int n = 0; n < found.k(); n++) {
      if (n == own || (surplus == 1 && n == farthest)) {
        continue;
      }
      int id = value.applyAsInt(found.row(query, n));
      if (mass[id] == 0) {
        ids[count++] = id;
      }
      // Relative to the nearest, so that one weight is 1; the farthest may vanish but never to 0.
      mass[id] +=
          Math.max(Double.MIN_NORMAL, Math.exp((nearest - found.distance(query, n)) / temperature));
    }
  }

  /** The heaviest ids of the last sum, at most {@code width}, heaviest first. */
  int[] heaviest(int width) {
    int[] best = new int[Math.min(width, count)];
    int size = 0;
    for (int i = 0; i < count; i++) {
      double weight = mass[ids[i]];
      if (size == best.length && weight <= mass[best[size - 1]]) {
        continue;
      }
      int at = size < best.length ? size++ : size - 1;
      while (at > 0 && mass[best[at - 1]] < weight) {
        best[at] = best[at - 1];
        at--;
      }
      best[at] = ids[i];
    }
    return Arrays.copyOf(best, size);
  }

  /** An id's unscaled weight in the last sum. */
  double mass(int id) {
    return mass[id];
  }

  /** The sum over all ids. */
  double total() {
    double total = 0;
    for (int i = 0; i < count; i++) {
      total += mass[ids[i]];
    }
    return total;
  }
}
