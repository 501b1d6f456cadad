package dev.mneme.trainer.text;

import java.util.Arrays;

/**
 * A map from 64-bit keys to numbers of at least 0, without boxing. Nothing is ever taken out. Used
 * by one thread.
 */
final class LongIntMap {

  /** What a key that was never put has. */
  static final int ABSENT = -1;

  private long[] keys;
  private int[] values;
  private int size;

  LongIntMap(int expected) {
    int capacity = Integer.highestOneBit(Math.max(8, expected) * 2 - 1) * 2;
    keys = new long[capacity];
    values = absent(capacity);
  }

  /** The key of an ordered pair of ids. */
  static long pair(int left, int right) {
    return (long) left << 32 | right;
  }

  int size() {
    return size;
  }

  int get(long key) {
    return values[slot(keys, values, key)];
  }

  void put(long key, int value) {
    if (size * 2L >= keys.length) {
      grow();
    }
    int slot = slot(keys, values, key);
    size += values[slot] == ABSENT ? 1 : 0;
    keys[slot] = key;
    values[slot] = value;
  }

  private void grow() {
    long[] newKeys = new long[Math.multiplyExact(keys.length, 2)];
    int[] newValues = absent(newKeys.length);
    for (int i = 0; i < keys.length; i++) {
      if (values[i] != ABSENT) {
        int slot = slot(newKeys, newValues, keys[i]);
        newKeys[slot] = keys[i];
        newValues[slot] = values[i];
      }
    }
    keys = newKeys;
    values = newValues;
  }

  private static int slot(long[] keys, int[] values, long key) {
    int mask = keys.length - 1;
    // Fibonacci hashing: the product's upper half depends on all bits of the key.
    int slot = (int) ((key * 0x9E3779B97F4A7C15L) >>> 32) & mask;
    while (values[slot] != ABSENT && keys[slot] != key) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private static int[] absent(int capacity) {
    int[] values = new int[capacity];
    Arrays.fill(values, ABSENT);
    return values;
  }
}
