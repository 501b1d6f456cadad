package dev.mneme.benchmarks;

/** What a search for near keys found, in no order. */
final class Neighbours {

  private final int[] rows;
  private final float[] distances;

  /**
   * Keys found.
   *
   * @param distances squared, of the row at the same place
   */
  Neighbours(int[] rows, float[] distances) {
    this.rows = rows;
    this.distances = distances;
  }

  int count() {
    return rows.length;
  }

  int row(int i) {
    return rows[i];
  }

  float distance(int i) {
    return distances[i];
  }
}
