package dev.mneme.trainer;

import dev.mneme.djl.NearestKeys;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The keys that the queries of one list are compared with. Owns native memory, freed by closing.
 */
final class Candidates implements AutoCloseable {

  private final Arena arena = Arena.ofConfined();
  private final List<MemorySegment> blocks;
  private final int[] rows;

  private Candidates(Datastore store, KeyLists all, int list, int probes, int fewest) {
    if (all.lists() == 1) {
      blocks = store.blocks();
      rows = new int[0];
    } else {
      List<Integer> near = all.around(list, probes, fewest);
      MemorySegment keys = arena.allocate(all.bytes(near), 64);
      rows = all.gather(store, near, keys);
      blocks = List.of(keys);
    }
  }

  /**
   * The keys of a list and of the lists around it; with a single list all keys as they lie.
   *
   * @param probes how many lists
   * @param fewest keys wanted at least; more lists are taken if need be
   */
  static Candidates of(Datastore store, KeyLists all, int list, int probes, int fewest) {
    return new Candidates(store, all, list, probes, fewest);
  }

  NearestKeys.Found search(NearestKeys search, float[] queries, int k) {
    return search.search(queries, blocks, k);
  }

  /** What was found for a query, by rows of the datastore. */
  NeighbourWeights.Neighbours neighbours(NearestKeys.Found found, int query) {
    return new NeighbourWeights.Neighbours() {
      @Override
      public int count() {
        return found.k();
      }

      @Override
      public long row(int n) {
        long row = found.row(query, n);
        return rows.length == 0 ? row : rows[(int) row];
      }

      @Override
      public float distance(int n) {
        return found.distance(query, n);
      }
    };
  }

  @Override
  public void close() {
    arena.close();
  }
}
