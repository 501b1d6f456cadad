package dev.mneme.trainer;

import dev.mneme.djl.NearestKeys;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Keys sorted into lists around centres (inverted lists, as in arXiv 1702.08734 without
 * compression). Made in two levels, a few large lists that are each divided again, so that a key is
 * compared with some hundred centres and not with all.
 *
 * <p>Immutable once built; the keys themselves stay where they are.
 */
final class KeyLists {

  private static final int SAMPLES_PER_LIST = 40;
  private static final int ROUNDS = 8;
  private static final int POINTS_AT_ONCE = 4_096;

  /** Numbers of a centre. */
  final int width;

  /** Centres of the lists, [lists · width]; never written to. */
  final float[] centres;

  /** Rows of the datastore, list after list; never written to. */
  final int[] order;

  /** Where each list begins in the order, and where the last ends; never written to. */
  final int[] starts;

  private KeyLists(int width, float[] centres, int[] order, int[] starts) {
    this.width = width;
    this.centres = centres;
    this.order = order;
    this.starts = starts;
  }

  /**
   * Clusters the keys by k-means on samples.
   *
   * @param lists about how many; every large list is divided by its share of the keys
   */
  static KeyLists build(Datastore store, NearestKeys search, int lists, long seed) {
    int[] rows = IntStream.range(0, Math.toIntExact(store.size())).toArray();
    KeyLists large = cluster(store, search, rows, (int) Math.round(Math.sqrt(lists)), seed);
    var parts = new KeyLists[large.lists()];
    int all = 0;
    for (int list = 0; list < parts.length; list++) {
      int[] members = large.members(list);
      long share = Math.round((double) members.length * lists / rows.length);
      parts[list] = cluster(store, search, members, (int) Math.max(1, share), seed + 1 + list);
      all += parts[list].lists();
    }
    int width = store.width();
    float[] centres = new float[all * width];
    int[] starts = new int[all + 1];
    int[] order = new int[rows.length];
    int list = 0;
    for (KeyLists part : parts) {
      System.arraycopy(part.centres, 0, centres, list * width, part.centres.length);
      System.arraycopy(part.order, 0, order, starts[list], part.order.length);
      for (int i = 0; i < part.lists(); i++, list++) {
        starts[list + 1] = starts[list] + part.size(i);
      }
    }
    return new KeyLists(width, centres, order, starts);
  }

  private static KeyLists cluster(
      Datastore store, NearestKeys search, int[] rows, int lists, long seed) {
    int width = store.width();
    float[] centres = centres(store, search, rows, lists, seed);
    int[] listOf = new int[rows.length];
    int[] starts = new int[lists + 1];
    for (int from = 0; from < rows.length; from += POINTS_AT_ONCE) {
      int count = Math.min(POINTS_AT_ONCE, rows.length - from);
      float[] points = new float[count * width];
      for (int i = 0; i < count; i++) {
        store.read(rows[from + i], points, i * width);
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
    int[] order = new int[rows.length];
    for (int i = 0; i < rows.length; i++) {
      order[next[listOf[i]]++] = rows[i];
    }
    return new KeyLists(width, centres, order, starts);
  }

  private static float[] centres(
      Datastore store, NearestKeys search, int[] rows, int lists, long seed) {
    int width = store.width();
    if (rows.length == 0) {
      return new float[lists * width];
    }
    int count = (int) Math.min(rows.length, (long) lists * SAMPLES_PER_LIST);
    float[] sample = new float[Math.max(count, lists) * width];
    var order = new Shuffle(rows.length, seed);
    for (int i = 0; i < sample.length / width; i++) {
      store.read(rows[(int) order.at(i)], sample, i * width);
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

  /** Keys in a list. */
  int size(int list) {
    return starts[list + 1] - starts[list];
  }

  /** The rows of the datastore in a list. */
  int[] members(int list) {
    return Arrays.copyOfRange(order, starts[list], starts[list + 1]);
  }

  /** The mean of all centres, each by its keys. */
  float[] mean() {
    float[] mean = new float[width];
    for (int list = 0; list < lists(); list++) {
      for (int i = 0; i < width; i++) {
        mean[i] += centres[list * width + i] * size(list) / order.length;
      }
    }
    return mean;
  }
}
