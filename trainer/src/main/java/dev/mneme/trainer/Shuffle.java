package dev.mneme.trainer;

import com.google.common.base.Preconditions;
import java.util.SplittableRandom;

/**
 * An order of 0 to n - 1 that is another in every pass and needs no memory: a walk i → a·i + b
 * modulo n with a coprime to n. Places far apart in the walk are unrelated enough for training.
 */
record Shuffle(long size, long seed) {

  Shuffle {
    Preconditions.checkArgument(size > 0, "nothing to shuffle");
  }

  /** The element at a place; places from {@code size} on are further passes in other orders. */
  long at(long place) {
    var random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + place / size);
    long factor = coprime(random);
    long start = random.nextLong(size);
    return (Math.multiplyExact(factor, place % size) % size + start) % size;
  }

  private long coprime(SplittableRandom random) {
    if (size < 3) {
      return 1;
    }
    while (true) {
      long factor = random.nextLong(size / 3, size);
      if (factor > 0 && greatestCommonDivisor(factor, size) == 1) {
        return factor;
      }
    }
  }

  private static long greatestCommonDivisor(long a, long b) {
    return b == 0 ? a : greatestCommonDivisor(b, a % b);
  }
}
