package dev.mneme.trainer.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Words as sequences of ids, and how often each pair of neighbours occurs in them. Knows for each
 * pair the words it is in, so that joining a pair costs only those words. Used by one thread.
 *
 * <p>Counts in the queue may be old: a pair taken from it is put back when its count has changed
 * since. A count that grows is put in at once, so the pair that comes out is the most frequent.
 */
final class PairCounts {

  /**
   * A pair of neighbours and how often it occurs, each word counted as often as the text has it.
   */
  record Pair(int left, int right, long count) {
    private long key() {
      return LongIntMap.pair(left, right);
    }
  }

  private static final Comparator<Pair> FIRST =
      Comparator.comparingLong(Pair::count)
          .reversed()
          .thenComparingInt(Pair::left)
          .thenComparingInt(Pair::right);

  private static final int[] NOWHERE = {};

  /** All words one behind the other; joining shortens a word in its place. */
  private int[] symbols = new int[1 << 16];

  private final int[] start;
  private final int[] length;
  private final long[] weight;
  private int words;

  private final LongIntMap numbers = new LongIntMap(1 << 16);
  private int pairs;
  private int[] left = new int[1 << 16];
  private int[] right = new int[1 << 16];
  private long[] count = new long[1 << 16];
  private int[][] where = new int[1 << 16][];
  private int[] whereSize = new int[1 << 16];

  private final PriorityQueue<Pair> queue = new PriorityQueue<>(FIRST);

  /** Pairs whose count has grown since they were last put into the queue. */
  private final BitSet grown = new BitSet();

  PairCounts(WordCounts counts, int[] idOfByte) {
    start = new int[counts.size()];
    length = new int[counts.size()];
    weight = new long[counts.size()];
    counts.forEach(
        (word, times) -> addWord(word.getBytes(StandardCharsets.UTF_8), times, idOfByte));
    queueGrown();
  }

  private void addWord(byte[] bytes, long times, int[] idOfByte) {
    int from = words == 0 ? 0 : start[words - 1] + length[words - 1];
    if (from + bytes.length > symbols.length) {
      symbols = Arrays.copyOf(symbols, Math.max(symbols.length * 2, from + bytes.length));
    }
    for (int i = 0; i < bytes.length; i++) {
      symbols[from + i] = idOfByte[Byte.toUnsignedInt(bytes[i])];
    }
    start[words] = from;
    length[words] = bytes.length;
    weight[words] = times;
    for (int i = from; i + 1 < from + bytes.length; i++) {
      increase(symbols[i], symbols[i + 1], words);
    }
    words++;
  }

  /** Takes the pair that goes first out of the queue, or gives null where no pair is left. */
  @Nullable Pair takeMostFrequent() {
    for (Pair pair = queue.poll(); pair != null; pair = queue.poll()) {
      long now = count[numbers.get(pair.key())];
      if (now == pair.count()) {
        return pair;
      }
      if (now > 0) {
        queue.add(new Pair(pair.left(), pair.right(), now));
      }
    }
    return null;
  }

  /** Replaces a pair by an id, from left to right in every word. */
  void join(Pair pair, int id) {
    int number = numbers.get(pair.key());
    int[] in = where[number];
    for (int i = 0; i < whereSize[number]; i++) {
      joinIn(in[i], pair.left(), pair.right(), id);
    }
    count[number] = 0;
    where[number] = NOWHERE;
    whereSize[number] = 0;
    queueGrown();
  }

  private void joinIn(int word, int first, int second, int id) {
    int from = start[word];
    int end = from + length[word];
    int out = from;
    for (int i = from; i < end; ) {
      boolean found = i + 1 < end && symbols[i] == first && symbols[i + 1] == second;
      if (!found) {
        symbols[out++] = symbols[i++];
        continue;
      }
      if (out > from) {
        decrease(symbols[out - 1], first, word);
        increase(symbols[out - 1], id, word);
      }
      if (i + 2 < end) {
        decrease(second, symbols[i + 2], word);
        increase(id, symbols[i + 2], word);
      }
      symbols[out++] = id;
      i += 2;
    }
    length[word] = out - from;
  }

  private void decrease(int a, int b, int word) {
    count[numbers.get(LongIntMap.pair(a, b))] -= weight[word];
  }

  private void increase(int a, int b, int word) {
    int number = numbers.get(LongIntMap.pair(a, b));
    if (number == LongIntMap.ABSENT) {
      number = addPair(a, b);
    }
    count[number] += weight[word];
    int size = whereSize[number];
    if (size == 0 || where[number][size - 1] != word) {
      if (size == where[number].length) {
        where[number] = Arrays.copyOf(where[number], Math.max(4, size * 2));
      }
      where[number][size] = word;
      whereSize[number]++;
    }
    grown.set(number);
  }

  private void queueGrown() {
    for (int i = grown.nextSetBit(0); i >= 0; i = grown.nextSetBit(i + 1)) {
      if (count[i] > 0) {
        queue.add(new Pair(left[i], right[i], count[i]));
      }
    }
    grown.clear();
  }

  private int addPair(int a, int b) {
    if (pairs == count.length) {
      int capacity = pairs * 2;
      left = Arrays.copyOf(left, capacity);
      right = Arrays.copyOf(right, capacity);
      count = Arrays.copyOf(count, capacity);
      where = Arrays.copyOf(where, capacity);
      whereSize = Arrays.copyOf(whereSize, capacity);
    }
    left[pairs] = a;
    right[pairs] = b;
    where[pairs] = NOWHERE;
    numbers.put(LongIntMap.pair(a, b), pairs);
    return pairs++;
  }
}
