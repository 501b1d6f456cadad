package dev.mneme.trainer.text;

import java.util.Arrays;

/**
 * Hashes of all runs of n words in a text, a word being a run of letters and digits in lower case.
 * Holds the text it was last asked about. Used by one thread.
 *
 * <p>A run's hash is a polynomial in its words' hashes, so that moving on by a word costs two
 * multiplications whatever n is.
 */
final class Shingles {
  private static final long BASE = 0x9E3779B97F4A7C15L;

  private final int words;

  /** BASE to the power of n - 1: the weight of a run's first word. */
  private final long firstWeight;

  private long[] wordHashes = new long[1 << 10];
  private long[] hashes = new long[1 << 10];

  Shingles(int words) {
    this.words = words;
    long weight = 1;
    for (int i = 1; i < words; i++) {
      weight *= BASE;
    }
    this.firstWeight = weight;
  }

  /** Takes a text and gives the number of its shingles, 0 if it has fewer words than one needs. */
  int of(String text) {
    int count = hashWords(text);
    if (hashes.length < count) {
      hashes = new long[wordHashes.length];
    }
    long hash = 0;
    for (int i = 0; i < count; i++) {
      if (i >= words) {
        hash -= wordHashes[i - words] * firstWeight;
      }
      hash = hash * BASE + wordHashes[i];
      if (i >= words - 1) {
        hashes[i - words + 1] = mix(hash);
      }
    }
    return Math.max(0, count - words + 1);
  }

  /** The hash of the run that starts at a word, counted from 0. */
  long hash(int start) {
    return hashes[start];
  }

  private int hashWords(String text) {
    int count = 0;
    for (int i = 0; i < text.length(); ) {
      long hash = 0;
      int start = i;
      int c = text.codePointAt(i);
      while (Character.isLetterOrDigit(c)) {
        hash = (hash + Character.toLowerCase(c)) * BASE;
        i += Character.charCount(c);
        c = i < text.length() ? text.codePointAt(i) : '\n';
      }
      if (i == start) {
        i += Character.charCount(c);
        continue;
      }
      if (count == wordHashes.length) {
        wordHashes = Arrays.copyOf(wordHashes, count * 2);
      }
      wordHashes[count++] = mix(hash);
    }
    return count;
  }

  /** Spreads every bit over all others (the finaliser of SplitMix64). */
  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
