package dev.mneme;

/** What happens when a memory gives a row with NaN or infinities. The host's rows always fail. */
public enum InvalidMemoryPolicy {
  /** The call fails with {@link InvalidDistributionException}. */
  FAIL,
  /** For this token the memory gets weight 0; the result counts such tokens. */
  USE_HOST
}
