package dev.mneme.trainer;

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

  /** Some neighbours, nearest first. */
  interface Neighbours {
    int count();

    long row(int n);

    float distance(int n);
  }

  /**
   * Sums up one position's neighbours.
   *
   * @param self the row to leave out
   * @param most neighbours to take
   * @param value a row's token
   */
  void sum(Neighbours found, long self, int most, LongToIntFunction value) {
    Arrays.fill(mass, 0);
    count = 0;
    double nearest = Double.NaN;
    for (int n = 0, taken = 0; n < found.count() && taken < most; n++) {
      if (found.row(n) == self) {
        continue;
      }
      taken++;
      if (Double.isNaN(nearest)) {
        nearest = found.distance(n); // relative to the nearest, so that one weight is 1
      }
      int id = value.applyAsInt(found.row(n));
      if (mass[id] == 0) {
        ids[count++] = id;
      }
      mass[id] += Math.exp((nearest - found.distance(n)) / temperature);
    }
  }

  /** The heaviest ids of the last sum, at most {@code width}, heaviest first. */
  int[] heaviest(int width) {
    return Arrays.stream(ids, 0, count)
        .boxed()
        .sorted((a, b) -> Double.compare(mass[b], mass[a]))
        .limit(width)
        .mapToInt(Integer::intValue)
        .toArray();
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
