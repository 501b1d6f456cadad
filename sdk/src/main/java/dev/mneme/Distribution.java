package dev.mneme;

/**
 * One model's distribution over the next token, as a {@link LambdaPolicy} sees it. Valid during the
 * call it is passed to; asked later it throws {@link StaleValueException}.
 */
public interface Distribution {

  /** Ids it covers; every further id has probability 0. */
  int width();

  /**
   * Natural logarithm of a token's probability; negative infinity past {@link #width()}.
   *
   * @throws IllegalArgumentException for a negative id
   */
  double logProbability(int token);
}
