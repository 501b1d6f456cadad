package dev.mneme.trainer;

import com.google.common.base.Preconditions;

/**
 * The learning rate of every step: up in a straight line to the peak, then down to a share of it.
 *
 * @param peak highest rate
 * @param warmup steps on the way up
 * @param steps all steps
 * @param decay the way down
 * @param floor where the way down ends, as a share of the peak
 */
public record LearningRate(double peak, long warmup, long steps, Decay decay, double floor) {

  /** How the rate falls. */
  public enum Decay {
    CONSTANT,
    LINEAR,
    COSINE
  }

  public LearningRate {
    Preconditions.checkArgument(peak > 0 && peak < 1, "the peak rate must lie in (0, 1): %s", peak);
    Preconditions.checkArgument(steps > 0, "there must be steps to take, not %s", steps);
    Preconditions.checkArgument(
        warmup >= 0 && warmup < steps,
        "the warm-up must end within the %s steps: %s",
        steps,
        warmup);
    Preconditions.checkArgument(
        floor >= 0 && floor <= 1, "the floor must lie in [0, 1]: %s", floor);
  }

  /** The rate of a step, counted from 0. */
  public double at(long step) {
    if (step < warmup) {
      return peak * (step + 1) / warmup;
    }
    double way = Math.min(1, (double) (step - warmup) / (steps - warmup));
    double share =
        switch (decay) {
          case CONSTANT -> 1;
          case LINEAR -> 1 - way;
          case COSINE -> (1 + Math.cos(Math.PI * way)) / 2;
        };
    return peak * (floor + (1 - floor) * share);
  }
}
