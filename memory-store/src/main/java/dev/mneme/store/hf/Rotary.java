package dev.mneme.store.hf;

/**
 * Rotary positions.
 *
 * @param width leading floats of each head that are rotated, even
 * @param full how blocks rotate whose attention reaches back to the first token
 * @param windowed how blocks with a sliding window rotate; equal to {@code full} but for Gemma 3
 */
public record Rotary(int width, Rotation full, Rotation windowed) {

  /**
   * The angles.
   *
   * @param theta base of the frequencies, above 0
   * @param scaling how the frequencies are stretched
   */
  public record Rotation(double theta, RopeScaling scaling) {}

  /**
   * The longest sequence that is computed with these rotations.
   *
   * @param trained tokens the model was trained for
   */
  public int longestSequence(int trained) {
    return windowed.scaling.longestSequence(full.scaling.longestSequence(trained));
  }

  /** One rotation for all blocks. */
  public Rotary(int width, Rotation all) {
    this(width, all, all);
  }
}
