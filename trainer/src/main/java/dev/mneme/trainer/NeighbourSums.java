package dev.mneme.trainer;

import dev.mneme.djl.NearestKeys;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongToIntFunction;

/**
 * The probability of single tokens under kNN-LM (arXiv 1911.00172, equation 2) for several numbers
 * of neighbours and temperatures at once: the sum of exp(-d²/τ) over the neighbours whose value is
 * the token, divided by the sum over all. Used by one thread.
 */
final class NeighbourSums {

  private final List<Integer> neighbours;
  private final List<Double> temperatures;
  private final LongToIntFunction value;
  private final int queries;
  private final float[] logs;
  private final long[] sorted;

  /**
   * Sums over neighbours.
   *
   * @param neighbours numbers of neighbours, smallest first
   * @param temperatures τ, in the unit of squared distances
   * @param value a row's token
   * @param queries how many there will be
   */
  NeighbourSums(
      List<Integer> neighbours, List<Double> temperatures, LongToIntFunction value, int queries) {
    this.neighbours = neighbours;
    this.temperatures = temperatures;
    this.value = value;
    this.queries = queries;
    this.logs = new float[neighbours.size() * temperatures.size() * queries];
    this.sorted = new long[neighbours.getLast()];
  }

  /**
   * Adds a query.
   *
   * @param found neighbours in any order, as many as the largest number
   * @param at the query among those found
   * @param query its place among all
   * @param token whose probability is wanted
   */
  void add(NearestKeys.Found found, int at, int query, int token) {
    for (int n = 0; n < sorted.length; n++) {
      // Of numbers not below 0 the bits are in order; rounding alone makes distances negative.
      float distance = Math.max(0, found.distance(at, n));
      sorted[n] = (long) Float.floatToIntBits(distance) << Integer.SIZE | n;
    }
    Arrays.sort(sorted);
    double nearest = distance(sorted[0]);
    boolean[] right = new boolean[sorted.length];
    for (int n = 0; n < right.length; n++) {
      right[n] = value.applyAsInt(found.row(at, (int) sorted[n])) == token;
    }
    for (int t = 0; t < temperatures.size(); t++) {
      double tau = temperatures.get(t);
      double all = 0;
      double mass = 0;
      for (int n = 0, k = 0; n < sorted.length; n++) {
        double weight = Math.exp((nearest - distance(sorted[n])) / tau);
        all += weight;
        mass += right[n] ? weight : 0;
        if (n + 1 == neighbours.get(k)) {
          logs[(k * temperatures.size() + t) * queries + query] = (float) Math.log(mass / all);
          k++;
        }
      }
    }
  }

  private static double distance(long entry) {
    return Float.intBitsToFloat((int) (entry >>> Integer.SIZE));
  }

  /** Log-probabilities of all queries: [numbers of neighbours · temperatures · queries]. */
  float[] logs() {
    return logs;
  }
}
