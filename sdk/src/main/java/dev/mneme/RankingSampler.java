package dev.mneme;

import java.util.Arrays;
import java.util.BitSet;
import java.util.SplittableRandom;

/** {@link Sampler#of}: keeps what the settings keep, and draws from it by inverse distribution. */
final class RankingSampler implements Sampler {

  private final Sampling sampling;
  private final SplittableRandom random;
  private final int window;
  private int[] recent = new int[0]; // grows with what is accepted, up to the window
  private final BitSet penalised = new BitSet();
  private final TopSelection selection = new TopSelection();
  private int accepted;

  RankingSampler(Sampling sampling) {
    this.sampling = sampling;
    this.random =
        sampling.seed() < 0 ? new SplittableRandom() : new SplittableRandom(sampling.seed());
    this.window = sampling.repetitionPenalty() == 1 ? 0 : sampling.repetitionWindow();
  }

  @Override
  public void accept(int token) {
    if (window > 0) {
      if (accepted == recent.length && accepted < window) {
        recent = Arrays.copyOf(recent, (int) Math.min(window, 2L * accepted + 64));
      }
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
    return draw(p, width, leastKept(p, width, p[best]));
  }

  private void penalise(float[] p, int width) {
    int count = Math.min(accepted, recent.length);
    for (int i = 0; i < count; i++) {
      int token = recent[i];
      if (token < width && !penalised.get(token)) {
        penalised.set(token);
        p[token] = (float) Math.pow(p[token], sampling.repetitionPenalty());
      }
    }
    for (int i = 0; i < count; i++) {
      penalised.clear(recent[i]);
    }
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

  /** Raises to 1/T, relative to the largest so that nothing overflows; 1/T may be infinite. */
  private void heat(float[] p, int width, float largest) {
    double exponent = 1 / sampling.temperature();
    if (exponent == 1) {
      return;
    }
    for (int i = 0; i < width; i++) {
      if (p[i] != 0) {
        p[i] = p[i] == largest ? 1 : (float) Math.pow(p[i] / largest, exponent);
      }
    }
  }

  /** Sets what top-k and top-p leave out to 0 and returns the least probability min-p keeps. */
  private float leastKept(float[] p, int width, float largest) {
    int k = sampling.topK() == 0 ? width : Math.min(sampling.topK(), width);
    if (k < width || sampling.topP() < 1) {
      selection.keep(p, width, k, sampling.topP());
    }
    return (float) (sampling.minP() * largest);
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
