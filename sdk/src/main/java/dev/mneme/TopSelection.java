package dev.mneme;

import java.util.Arrays;

/**
 * Leaves out of a row all but its likeliest entries: the top k, and of these the fewest that reach
 * a share of their sum. Equal entries rank by lower id.
 *
 * <p>Nothing is sorted. Positive floats order like their bits, so the least entry kept is found
 * digit by digit (a radix selection): counts and sums of the entries that share the leading digit
 * tell in which group the cut lies, and only that group is looked at again. The result is that of
 * sorting the row, at the cost of a few passes over it.
 *
 * <p>Sums are whole numbers, so that they come out equal in whatever order they are added: an entry
 * weighs as many 2^-60ths of the row's sum (raised to a power of two), rounded down.
 *
 * <p>One thread at a time. All memory is allocated at construction.
 */
final class TopSelection {

  /** The digits of a positive float from the left: 12, 12 and 7 bits after the sign. */
  private static final int[] SHIFTS = {19, 7, 0};

  private static final int[] BITS = {12, 12, 7};
  private static final int UNIT_BITS = 60;

  private final int[] counts = new int[1 << BITS[0]];
  private final long[] sums = new long[1 << BITS[0]];

  private double scale;

  /** The least entry kept, and how many of its equals from the lowest id on. */
  private int leastBits;

  private int leastCount;

  /** What the kept entries sum to. */
  private long keptSum;

  /**
   * Sets to 0 what is left out.
   *
   * @param p without NaN; entries of 0 or less are never kept
   * @param width entries that count, from the front
   * @param k at least 1
   * @param share in (0, 1]; at least one entry is kept
   */
  void keep(float[] p, int width, int k, double share) {
    double sum = 0;
    int positive = 0;
    for (int i = 0; i < width; i++) {
      if (p[i] > 0) {
        sum += p[i];
        positive++;
      }
    }
    if (positive == 0) {
      return;
    }
    scale = Math.scalb(1.0, UNIT_BITS - Math.getExponent(sum));
    // Counting alone cuts at the k-th; then sums cut among those, if anything is cut at all.
    cut(p, width, Math.min(k, positive), Long.MAX_VALUE);
    if (share < 1) {
      cut(p, width, Math.min(k, positive), wanted(share));
    }
    zeroOthers(p, width);
  }

  private long wanted(double share) {
    return Math.clamp((long) Math.ceil(share * keptSum), 1, Math.max(1, keptSum));
  }

  private long units(float value) {
    return (long) (value * scale);
  }

  /**
   * Finds the first rank at which {@code most} entries are taken or their sum reaches {@code
   * wanted}, whichever comes first.
   */
  private void cut(float[] p, int width, int most, long wanted) {
    int prefix = 0;
    int taken = 0;
    long sum = 0;
    for (int level = 0; level < SHIFTS.length; level++) {
      tally(p, width, prefix, level);
      int digit = (1 << BITS[level]) - 1;
      while (digit > 0 && taken + counts[digit] < most && sum + sums[digit] < wanted) {
        taken += counts[digit];
        sum += sums[digit];
        digit--;
      }
      prefix = prefix << BITS[level] | digit;
    }
    leastBits = prefix;
    long each = units(Float.intBitsToFloat(prefix));
    leastCount = 1;
    while (taken + leastCount < most && sum + leastCount * each < wanted) {
      leastCount++;
    }
    keptSum = sum + leastCount * each;
  }

  /** Counts and sums, by their next digit, the positive entries whose bits begin with a prefix. */
  private void tally(float[] p, int width, int prefix, int level) {
    int shift = SHIFTS[level];
    int mask = (1 << BITS[level]) - 1;
    int prefixShift = shift + BITS[level];
    Arrays.fill(counts, 0, mask + 1, 0);
    Arrays.fill(sums, 0, mask + 1, 0);
    for (int i = 0; i < width; i++) {
      int bits = Float.floatToRawIntBits(p[i]);
      if (bits > 0 && bits >> prefixShift == prefix) {
        int digit = bits >> shift & mask;
        counts[digit]++;
        sums[digit] += units(p[i]);
      }
    }
  }

  private void zeroOthers(float[] p, int width) {
    float least = Float.intBitsToFloat(leastBits);
    int left = leastCount;
    for (int i = 0; i < width; i++) {
      if (p[i] == least && left > 0) {
        left--;
      } else if (!(p[i] > least)) {
        p[i] = 0;
      }
    }
  }
}
