package dev.mneme;

import java.util.Arrays;
import java.util.SplittableRandom;

/** {@link Sampler#of}: keeps what the settings keep, and draws from it by inverse distribution. */
final class RankingSampler implements Sampler {

  private final Sampling sampling;
  private final SplittableRandom random;
  private final int[] recent;
  private int accepted;
  private long[] ranked = new long[0];

  RankingSampler(Sampling sampling) {
    this.sampling = sampling;
    this.random = new SplittableRandom(sampling.seed());
    this.recent = new int[sampling.repetitionPenalty() == 1 ? 0 : sampling.repetitionWindow()];
  }

  @Override
  public void accept(int token) {
    if (recent.length > 0) {
      recent[accepted % recent.length] = token;
    }
    accepted++;
  }

  @Override
  public int next(float[] p, int width) {
    penalise(p, width);
    int best = best(p, width);
    if (sampling.temperature() == 0) {
      return best;
    }
    heat(p, width, p[best]);
    float least = leastKept(p, width, p[best]);
    return draw(p, width, least);
  }

  private void penalise(float[] p, int width) {
    int[] tokens = Arrays.copyOf(recent, Math.min(accepted, recent.length));
    Arrays.stream(tokens)
        .distinct()
        .filter(token -> token < width)
        .forEach(token -> p[token] = (float) Math.pow(p[token], sampling.repetitionPenalty()));
  }

  private static int best(float[] p, int width) {
    int best = 0;
    for (int i = 0; i < width; i++) {
      if (Float.isNaN(p[i])) {
        throw new InvalidDistributionException(
            "the probability of token " + i + " is not a number");
      }
      best = p[i] > p[best] ? i : best;
    }
    if (!(p[best] > 0)) {
      throw new InvalidDistributionException("no token has any probability");
    }
    return best;
  }

  /** Raises to 1/T, relative to the largest so that nothing overflows. */
  private void heat(float[] p, int width, float largest) {
    double exponent = 1 / sampling.temperature();
    if (exponent == 1) {
      return;
    }
    for (int i = 0; i < width; i++) {
      p[i] = p[i] == 0 ? 0 : (float) Math.pow(p[i] / largest, exponent);
    }
  }

  /**
   * Sets what top-k and top-p leave out to 0 and returns the least probability min-p keeps. Only
   * tokens that can be among the kept are sorted.
   */
  private float leastKept(float[] p, int width, float oldLargest) {
    float largest = sampling.temperature() == 1 ? oldLargest : 1f;
    int k = sampling.topK() == 0 ? width : Math.min(sampling.topK(), width);
    if (k < width || sampling.topP() < 1) {
      keepTop(p, width, k);
    }
    return (float) (sampling.minP() * largest);
  }

  private void keepTop(float[] p, int width, int k) {
    int count = rank(p, width);
    double total = 0;
    for (int i = 0; i < Math.min(k, count); i++) {
      total += p[id(ranked[i])];
    }
    double wanted = sampling.topP() * total;
    double sum = 0;
    int kept = 0;
    while (kept < Math.min(k, count) && (kept == 0 || sum < wanted)) {
      sum += p[id(ranked[kept++])];
    }
    for (int i = kept; i < count; i++) {
      p[id(ranked[i])] = 0;
    }
  }

  /** Sorts the ids of positive probability, likeliest first, lower id first among equals. */
  private int rank(float[] p, int width) {
    if (ranked.length < width) {
      ranked = new long[width];
    }
    int count = 0;
    for (int i = 0; i < width; i++) {
      if (p[i] > 0) {
        // Positive floats order like their bits; the complement puts the largest first.
        ranked[count++] = ((long) ~Float.floatToRawIntBits(p[i]) << 32) | i;
      }
    }
    Arrays.sort(ranked, 0, count);
    return count;
  }

  private static int id(long key) {
    return (int) key;
  }

  private int draw(float[] p, int width, float least) {
    double total = 0;
    for (int i = 0; i < width; i++) {
      if (p[i] >= least) {
        total += p[i];
      }
    }
    double left = random.nextDouble() * total;
    int last = -1;
    for (int i = 0; i < width; i++) {
      if (p[i] >= least && p[i] > 0) {
        last = i;
        left -= p[i];
        if (left < 0) {
          return i;
        }
      }
    }
    return last; // rounding used up the total
  }
}
