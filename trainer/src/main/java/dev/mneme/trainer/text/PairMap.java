package dev.mneme.trainer.text;

import java.util.Arrays;

/**
 * A map from pairs of ids to numbers of at least 0, without boxing. Nothing is ever taken out. Used
 * by one thread.
 */
final class PairMap {
  private static final long FREE = -1;
  static final int ABSENT = -1;

  private long[] keys;
  private int[] values;
  private int size;

  PairMap(int expected) {
    int capacity = Integer.highestOneBit(Math.max(8, expected) * 2 - 1) * 2;
    keys = free(capacity);
    values = new int[capacity];
  }

  /** What a pair was put with, or {@link #ABSENT}. */
  int get(int left, int right) {
    int slot = slot(keys, key(left, right));
    return keys[slot] == FREE ? ABSENT : values[slot];
  }

  void put(int left, int right, int value) {
    if (size * 2 >= keys.length) {
      grow();
    }
    long key = key(left, right);
    int slot = slot(keys, key);
    if (keys[slot] == FREE) {
      keys[slot] = key;
      size++;
    }
    values[slot] = value;
  }

  private void grow() {
    long[] oldKeys = keys;
    int[] oldValues = values;
    keys = free(oldKeys.length * 2);
    values = new int[keys.length];
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] != FREE) {
        int slot = slot(keys, oldKeys[i]);
        keys[slot] = oldKeys[i];
        values[slot] = oldValues[i];
      }
    }
  }

  private static long key(int left, int right) {
    return (long) left << 32 | right;
  }

  private static int slot(long[] keys, long key) {
    long mixed = key * 0x9E3779B97F4A7C15L;
    int mask = keys.length - 1;
    int slot = (int) (mixed >>> 32) & mask;
    while (keys[slot] != FREE && keys[slot] != key) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private static long[] free(int capacity) {
    long[] keys = new long[capacity];
    Arrays.fill(keys, FREE);
    return keys;
  }
}
