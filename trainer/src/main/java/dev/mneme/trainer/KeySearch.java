package dev.mneme.trainer;

import com.google.common.base.Preconditions;
import dev.mneme.djl.NearestKeys;
import java.nio.file.Path;

/**
 * Finds the keys of a datastore that are nearest to queries. Queries that lie near each other, a
 * list of them, are searched together. Used by one thread; owns native memory and, while open, a
 * scratch file. The datastore stays the caller's.
 */
public sealed interface KeySearch extends AutoCloseable permits ExactSearch, ListedSearch {

  /**
   * How to search.
   *
   * @param lists about how many lists the keys are sorted into; 1 for an exact search
   * @param probes how many lists are searched for a query
   * @param bfloat16 whether products in lists are computed in bfloat16
   */
  record Settings(int lists, int probes, long seed, boolean bfloat16) {
    public Settings {
      Preconditions.checkArgument(
          lists > 0 && probes > 0 && probes <= lists,
          "probes must lie in [1, %s]: %s",
          lists,
          probes);
    }
  }

  /**
   * Prepares a search.
   *
   * @param scratch a file that may be written while the search is open
   */
  static KeySearch over(Datastore store, Settings settings, Path scratch) {
    return settings.lists() == 1
        ? new ExactSearch(store)
        : ListedSearch.over(store, settings, scratch);
  }

  int lists();

  /** The rows of the datastore in a list. */
  int[] members(int list);

  /**
   * The list that each query belongs to.
   *
   * @param queries [queries · width]
   */
  long[] listsOf(float[] queries);

  /**
   * The keys that the queries of a list are compared with, to be closed before the next.
   *
   * @param fewest how many keys there must be at least
   */
  Candidates candidates(int list, int fewest);

  /** Some keys of the datastore. */
  interface Candidates extends AutoCloseable {

    /**
     * Those nearest to each query, by their rows in the datastore, in no order.
     *
     * @param queries [queries · width]
     * @param k how many for each
     */
    NearestKeys.Found search(float[] queries, int k);

    @Override
    void close();
  }

  @Override
  void close();
}
