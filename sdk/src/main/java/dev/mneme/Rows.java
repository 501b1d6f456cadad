package dev.mneme;

/** Which of the tokens passed to one call should give a row of logits. */
public enum Rows {
  /** None: the tokens only extend the sequence. */
  NONE,
  /** The last token: what generation needs. */
  LAST,
  /** Every token, in order: what scoring needs. */
  ALL
}
