package dev.mneme;

/** Which of the tokens passed to one call should give a row of logits. */
public enum Rows {
  /** None: the tokens only extend the sequence. */
  NONE,
  /** The last token: what generation needs. */
  LAST,
  /** Every token, in order: what scoring needs. */
  ALL;

  /**
   * Rows wanted for so many tokens; they are those of the last ones.
   *
   * @param tokens at least 1
   */
  public int count(int tokens) {
    return switch (this) {
      case NONE -> 0;
      case LAST -> 1;
      case ALL -> tokens;
    };
  }
}
