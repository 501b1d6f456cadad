package dev.mneme;

/**
 * Draws the next token from a finished distribution. One for each generation, used by one thread;
 * it remembers what it was told to accept.
 */
public interface Sampler {

  /**
   * Draws a token.
   *
   * @param probabilities of every id, summing to 1 within rounding; may be overwritten
   * @param width ids that count, from the front
   * @return an id whose probability is not 0
   * @throws InvalidDistributionException if all are 0 or one is NaN
   */
  int next(float[] probabilities, int width);

  /** Tells of a token that now stands in the sequence, the prompt's included. */
  void accept(int token);

  /**
   * The sampler for some settings. They act in the order of Hugging Face's generation, on
   * probabilities p instead of logits: repetition penalty r on recent tokens ({@code p^r}, which is
   * the usual rule applied to log-probabilities), temperature T ({@code p^(1/T)}), the top k, the
   * top p, min-p; then one draw from what is left, each in proportion. Equal probabilities rank by
   * lower id.
   */
  static Sampler of(Sampling sampling) {
    return new RankingSampler(Arguments.present(sampling, "sampling"));
  }
}
