package dev.mneme.trainer;

import dev.mneme.djl.NearestKeys;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Keys sorted into lists around centres (inverted lists, as in arXiv 1702.08734 without
 * compression): the nearest keys of a query are looked for in the lists nearest to its own list's
 * centre only. Queries of one list so share their candidates, and one matrix product serves them
 * all.
 *
 * <p>Immutable once built; the keys themselves stay where they are.
 */
final class KeyLists {

  private static final int SAMPLES_PER_LIST = 40;
  private static final int ROUNDS = 8;
  private static final int POINTS_AT_ONCE = 4_096;

  private final int width;
  private final float[] centres;
  private final int[] order;
  private final int[] starts;

  private KeyLists(int width, float[] centres, int[] order, int[] starts) {
    this.width = width;
    this.centres = centres;
    this.order = order;
    this.starts = starts;
  }

  /** Clusters a sample of the keys (k-means), then puts every key into the nearest list. */
  static KeyLists build(Datastore store, NearestKeys search, int lists, long seed) {
    int width = store.width();
    float[] centres = centres(store, search, lists, seed);
    int size = Math.toIntExact(store.size());
    int[] listOf = new int[size];
    int[] starts = new int[lists + 1];
    for (int from = 0; from < size; from += POINTS_AT_ONCE) {
      int count = Math.min(POINTS_AT_ONCE, size - from);
      float[] points = new float[count * width];
      for (int i = 0; i < count; i++) {
        store.read(from + i, points, i * width);
      }
      long[] nearest = search.assign(points, centres);
      for (int i = 0; i < count; i++) {
        listOf[from + i] = (int) nearest[i];
        starts[listOf[from + i] + 1]++;
      }
    }
    for (int list = 0; list < lists; list++) {
      starts[list + 1] += starts[list];
    }
    int[] next = starts.clone();
    int[] order = new int[size];
    for (int row = 0; row < size; row++) {
      order[next[listOf[row]]++] = row;
    }
    return new KeyLists(width, centres, order, starts);
  }

  private static float[] centres(Datastore store, NearestKeys search, int lists, long seed) {
    int width = store.width();
    int count = (int) Math.min(store.size(), (long) lists * SAMPLES_PER_LIST);
    float[] sample = new float[count * width];
    var order = new Shuffle(store.size(), seed);
    for (int i = 0; i < count; i++) {
      store.read(order.at(i), sample, i * width);
    }
    float[] centres = Arrays.copyOf(sample, lists * width);
    var random = new SplittableRandom(seed);
    for (int round = 0; round < ROUNDS; round++) {
      double[] sums = new double[lists * width];
      int[] members = new int[lists];
      for (int from = 0; from < count; from += POINTS_AT_ONCE) {
        int to = Math.min(count, from + POINTS_AT_ONCE);
        long[] nearest =
            search.assign(Arrays.copyOfRange(sample, from * width, to * width), centres);
        for (int i = from; i < to; i++) {
          int list = (int) nearest[i - from];
          members[list]++;
          for (int j = 0; j < width; j++) {
            sums[list * width + j] += sample[i * width + j];
          }
        }
      }
      for (int list = 0; list < lists; list++) {
        if (members[list] == 0) { // an empty list begins again at some key
          System.arraycopy(sample, random.nextInt(count) * width, centres, list * width, width);
          continue;
        }
        for (int j = 0; j < width; j++) {
          centres[list * width + j] = (float) (sums[list * width + j] / members[list]);
        }
      }
    }
    return centres;
  }

  int lists() {
    return starts.length - 1;
  }

  /** The rows of the datastore in a list. */
  int[] members(int list) {
    return Arrays.copyOfRange(order, starts[list], starts[list + 1]);
  }

  /** A list and those nearest to it, so many that they hold at least {@code fewest} keys. */
  List<Integer> around(int list, int probes, int fewest) {
    float[] centre = Arrays.copyOfRange(centres, list * width, (list + 1) * width);
    record Near(int list, double distance) {}
    var all = new ArrayList<Near>();
    for (int other = 0; other < lists(); other++) {
      double sum = 0;
      for (int j = 0; j < width; j++) {
        double gap = centre[j] - centres[other * width + j];
        sum += gap * gap;
      }
      all.add(new Near(other, sum));
    }
    all.sort((a, b) -> Double.compare(a.distance(), b.distance()));
    var chosen = new ArrayList<Integer>();
    int keys = 0;
    for (Near near : all) {
      if (chosen.size() >= probes && keys >= fewest) {
        break;
      }
      chosen.add(near.list());
      keys += starts[near.list() + 1] - starts[near.list()];
    }
    return chosen;
  }

  /** The list a row of the datastore is in. */
  int listOf(int row) {
    for (int list = 0; list < lists(); list++) {
      for (int i = starts[list]; i < starts[list + 1]; i++) {
        if (order[i] == row) {
          return list;
        }
      }
    }
    throw new IllegalArgumentException("no such row: " + row);
  }

  /** Bytes of the keys in some lists. */
  long bytes(List<Integer> chosen) {
    long keys = 0;
    for (int list : chosen) {
      keys += starts[list + 1] - starts[list];
    }
    return keys * width * 2;
  }

  /** Copies the keys of some lists, list after list, into memory outside the heap. */
  int[] gather(Datastore store, List<Integer> chosen, MemorySegment into) {
    int count = 0;
    for (int list : chosen) {
      count += starts[list + 1] - starts[list];
    }
    int[] rows = new int[count];
    int at = 0;
    for (int list : chosen) {
      for (int i = starts[list]; i < starts[list + 1]; i++, at++) {
        rows[at] = order[i];
        MemorySegment.copy(
            store.rows(order[i], order[i] + 1L), 0, into, 2L * width * at, 2L * width);
      }
    }
    return rows;
  }
}
