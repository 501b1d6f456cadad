package dev.mneme.trainer;

import dev.mneme.djl.NearestKeys;
import java.util.stream.IntStream;

/** Compares every query with every key: one list that holds them all. */
final class ExactSearch implements KeySearch {

  private final Datastore store;
  private final NearestKeys search;

  ExactSearch(Datastore store) {
    this.store = store;
    this.search = new NearestKeys(store.width());
  }

  @Override
  public int lists() {
    return 1;
  }

  @Override
  public int[] members(int list) {
    return IntStream.range(0, Math.toIntExact(store.size())).toArray();
  }

  @Override
  public long[] listsOf(float[] queries) {
    return new long[queries.length / store.width()];
  }

  @Override
  public Candidates candidates(int list, int fewest) {
    return new Candidates() {
      @Override
      public NearestKeys.Found search(float[] queries, int k) {
        return search.search(queries, store.blocks(), k);
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void close() {
    search.close();
  }
}
