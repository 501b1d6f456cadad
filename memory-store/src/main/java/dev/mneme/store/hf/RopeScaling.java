package dev.mneme.store.hf;

/** How rotary frequencies are stretched for contexts longer than those first trained on. */
public sealed interface RopeScaling {

  /** Frequencies as they are. */
  record None() implements RopeScaling {}

  /**
   * Every position divided by a factor.
   *
   * @param factor above 0
   */
  record Linear(double factor) implements RopeScaling {}

  /**
   * Llama 3.1's rule: high frequencies stay, low ones are divided by {@code factor}, those between
   * are blended. Source: {@code _compute_llama3_parameters} in transformers' modeling_rope_utils.
   *
   * @param factor above 0
   * @param lowFrequency waves longer than {@code originalContext / lowFrequency} are divided
   * @param highFrequency waves shorter than {@code originalContext / highFrequency} stay
   * @param originalContext tokens of context before stretching
   */
  record Llama3(double factor, double lowFrequency, double highFrequency, int originalContext)
      implements RopeScaling {

    /**
     * What each frequency is divided by, as llama.cpp wants it in {@code rope_freqs.weight}.
     *
     * @param headDim width of a head, even
     * @param theta base of the rotary frequencies
     * @return {@code headDim / 2} divisors
     */
    public float[] divisors(int headDim, double theta) {
      var divisors = new float[headDim / 2];
      for (int i = 0; i < divisors.length; i++) {
        double wavelength = 2 * Math.PI * Math.pow(theta, 2.0 * i / headDim);
        divisors[i] = (float) divisor(wavelength);
      }
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
}
