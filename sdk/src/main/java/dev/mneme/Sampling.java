package dev.mneme;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * How tokens are drawn from the mixed distribution. Immutable; each {@code with} method gives a
 * changed copy. {@link Sampler} says in which order the settings act.
 *
 * @param temperature 0 takes the likeliest token; 1 draws from the distribution as it is
 * @param topK draw among so many of the likeliest; 0 or -1 among all
 * @param topP draw among the likeliest that together reach this probability; 1 among all
 * @param minP leave out what is less likely than this times the likeliest; 0 leaves out nothing, 1
 *     all but the likeliest
 * @param repetitionPenalty above 1 makes recent tokens less likely, 1 does nothing
 * @param repetitionWindow how many recent tokens, those of the prompt included; -1 all
 * @param seed equal seeds of 0 or more draw equally; a negative one draws anew in each generation
 */
public record Sampling(
    double temperature,
    int topK,
    double topP,
    double minP,
    double repetitionPenalty,
    int repetitionWindow,
    long seed) {

  public Sampling {
    checkArgument(
        temperature >= 0 && temperature <= 100,
        "temperature must lie in [0, 100], but is %s; 0 takes the likeliest token, 1 draws from the distribution as it is",
        temperature);
    checkArgument(
        topK >= -1, "topK must be 1 or more, or 0 or -1 to draw among all tokens, but is %s", topK);
    checkArgument(
        topP > 0 && topP <= 1,
        "topP must lie in (0, 1], but is %s; 1 draws among all tokens, and temperature 0 takes the likeliest",
        topP);
    checkArgument(
        minP >= 0 && minP <= 1,
        "minP must lie in [0, 1], but is %s; 0 leaves out nothing, 1 all but the likeliest",
        minP);
    checkArgument(
        repetitionPenalty >= 1 && repetitionPenalty <= 100,
        "repetitionPenalty must lie in [1, 100], but is %s; 1 does nothing",
        repetitionPenalty);
    checkArgument(
        repetitionWindow >= -1,
        "repetitionWindow must be 1 or more, 0 for none or -1 for all tokens, but is %s",
        repetitionWindow);
    topK = Math.max(0, topK);
    repetitionWindow = repetitionWindow == -1 ? Integer.MAX_VALUE : repetitionWindow;
    seed = Math.max(-1, seed);
  }

  /** The likeliest token every time. */
  public static Sampling greedy() {
    return of(0);
  }

  /** Drawing at a temperature, without any limit. */
  public static Sampling of(double temperature) {
    return new Sampling(temperature, 0, 1, 0, 1, 64, 0);
  }

  public Sampling withTopK(int value) {
    return new Sampling(temperature, value, topP, minP, repetitionPenalty, repetitionWindow, seed);
  }

  public Sampling withTopP(double value) {
    return new Sampling(temperature, topK, value, minP, repetitionPenalty, repetitionWindow, seed);
  }

  public Sampling withMinP(double value) {
    return new Sampling(temperature, topK, topP, value, repetitionPenalty, repetitionWindow, seed);
  }

  public Sampling withRepetitionPenalty(double penalty, int window) {
    return new Sampling(temperature, topK, topP, minP, penalty, window, seed);
  }

  public Sampling withSeed(long value) {
    return new Sampling(temperature, topK, topP, minP, repetitionPenalty, repetitionWindow, value);
  }
}
