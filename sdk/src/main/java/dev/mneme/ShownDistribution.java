package dev.mneme;

/** A distribution for the time of one call, after which it refuses to be asked. */
final class ShownDistribution implements Distribution {

  private final Distribution distribution;
  private volatile boolean over; // a policy may have kept it, for another thread too

  ShownDistribution(Distribution distribution) {
    this.distribution = distribution;
  }

  /** The call is over. */
  void end() {
    over = true;
  }

  private void requireShown() {
    if (over) {
      throw new StaleValueException(
          "this distribution was valid during the call of the policy it was shown to; copy what is needed later");
    }
  }

  @Override
  public int width() {
    requireShown();
    return distribution.width();
  }

  @Override
  public double logProbability(int token) {
    requireShown();
    double value = distribution.logProbability(token);
    requireShown(); // the row may have changed meanwhile, for a thread that the call did not wait
    // for
    return value;
  }
}
