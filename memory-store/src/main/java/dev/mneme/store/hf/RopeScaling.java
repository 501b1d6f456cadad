package dev.mneme.store.hf;

import java.util.Arrays;
import java.util.List;

/**
 * How rotary frequencies are stretched for contexts longer than those first trained on. Formulas
 * are those of transformers' modeling_rope_utils.
 */
public sealed interface RopeScaling {

  /**
   * What the frequencies are divided by.
   *
   * @param width floats of a head that are rotated, even
   * @param theta base of the frequencies
   * @return {@code width / 2} divisors, the highest frequency's first
   */
  double[] divisors(int width, double theta);

  /** What rotated queries and rotated keys are multiplied by. */
  default double magnitude() {
    return 1;
  }

  /**
   * The longest sequence that is computed with these divisors.
   *
   * @param trained tokens the model was trained for
   */
  default int longestSequence(int trained) {
    return trained;
  }

  /** Frequencies as they are. */
  record None() implements RopeScaling {
    @Override
    public double[] divisors(int width, double theta) {
      return filled(width / 2, 1);
    }
  }

  /**
   * Every position divided by a factor.
   *
   * @param factor above 0
   */
  record Linear(double factor) implements RopeScaling {
    @Override
    public double[] divisors(int width, double theta) {
      return filled(width / 2, factor);
    }
  }

  /**
   * Llama 3.1's rule: high frequencies stay, low ones are divided by {@code factor}, those between
   * are blended.
   *
   * @param factor above 0
   * @param lowFrequency waves longer than {@code originalContext / lowFrequency} are divided
   * @param highFrequency waves shorter than {@code originalContext / highFrequency} stay
   * @param originalContext tokens of context before stretching
   */
  record Llama3(double factor, double lowFrequency, double highFrequency, int originalContext)
      implements RopeScaling {

    @Override
    public double[] divisors(int width, double theta) {
      var divisors = new double[width / 2];
      Arrays.setAll(divisors, i -> divisor(2 * Math.PI * Math.pow(theta, 2.0 * i / width)));
      return divisors;
    }

    private double divisor(double wavelength) {
      if (wavelength < originalContext / highFrequency) {
        return 1;
      }
      if (wavelength > originalContext / lowFrequency) {
        return factor;
      }
      double kept = (originalContext / wavelength - lowFrequency) / (highFrequency - lowFrequency);
      return 1 / ((1 - kept) / factor + kept);
    }
  }

  /**
   * YaRN (arXiv 2309.00071): frequencies that turn often within the original context stay, those
   * that turn seldom are divided by {@code factor}, with a linear ramp between them.
   *
   * @param factor above 0
   * @param magnitude what rotated queries and keys are multiplied by
   * @param ramp where the ramp lies
   * @param originalContext tokens of context before stretching
   */
  record Yarn(double factor, double magnitude, Ramp ramp, int originalContext)
      implements RopeScaling {

    /**
     * The ramp between frequencies that stay and those that are divided.
     *
     * @param fast turns within the original context from which on a frequency stays
     * @param slow turns up to which it is divided
     * @param truncate whether the ramp's ends are moved outwards to whole pairs
     */
    public record Ramp(double fast, double slow, boolean truncate) {}

    @Override
    public double[] divisors(int width, double theta) {
      double low = pairOf(ramp.fast, width, theta);
      double high = pairOf(ramp.slow, width, theta);
      double from = Math.max(ramp.truncate ? Math.floor(low) : low, 0);
      double end = Math.min(ramp.truncate ? Math.ceil(high) : high, width - 1);
      double to = end == from ? end + 0.001 : end;
      var divisors = new double[width / 2];
      for (int i = 0; i < divisors.length; i++) {
        double divided = Math.clamp((i - from) / (to - from), 0, 1);
        divisors[i] = 1 / (divided / factor + (1 - divided));
      }
      return divisors;
    }

    /** The pair of floats, as a fraction, that turns so often within the original context. */
    private double pairOf(double turns, int width, double theta) {
      return width * Math.log(originalContext / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
    }
  }

  /**
   * LongRoPE (arXiv 2402.13753): a divisor for each frequency. Its second list, for sequences
   * longer than the original context, is not kept: such sequences are refused.
   *
   * @param factors the divisors
   * @param magnitude what rotated queries and keys are multiplied by
   * @param originalContext tokens of context before stretching
   */
  record LongRope(List<Double> factors, double magnitude, int originalContext)
      implements RopeScaling {

    public LongRope {
      factors = List.copyOf(factors);
    }

    @Override
    public double[] divisors(int width, double theta) {
      return factors.stream().mapToDouble(Double::doubleValue).toArray();
    }

    @Override
    public int longestSequence(int trained) {
      return Math.min(trained, originalContext);
    }
  }

  private static double[] filled(int pairs, double divisor) {
    var divisors = new double[pairs];
    Arrays.fill(divisors, divisor);
    return divisors;
  }
}
