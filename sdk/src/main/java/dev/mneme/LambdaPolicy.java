package dev.mneme;

import java.util.OptionalDouble;

/**
 * Decides how much of the next token's probability comes from one memory: the λ of {@code p = (1 -
 * Σλᵢ)·p_host + Σλᵢ·p_memoryᵢ}.
 *
 * <p>Asked once per token and memory, from whichever thread runs the generation, so it must be
 * stateless or safe for several threads. What the weights of several memories add up to is checked
 * by the model, not here.
 */
@FunctionalInterface
public interface LambdaPolicy {

  /**
   * The memory's weight for the next token.
   *
   * @return a number in [0, 1]
   */
  double lambda(Distribution host, Distribution memory);

  /** The weight, where it never changes. */
  default OptionalDouble fixed() {
    return OptionalDouble.empty();
  }

  /**
   * The same weight for every token. Memory Decoder's paper finds 0.6 good for perplexity in most
   * domains and about half of it for tasks (arXiv 2508.09874, section 4 and appendix A.1).
   *
   * @param lambda in [0, 1]: 0 is the host alone, 1 the memory alone
   */
  static LambdaPolicy fixed(double lambda) {
    if (!(lambda >= 0 && lambda <= 1)) {
      throw new IllegalArgumentException("lambda must lie in [0, 1], but is " + lambda);
    }
    return new LambdaPolicy() {
      @Override
      public double lambda(Distribution host, Distribution memory) {
        return lambda;
      }

      @Override
      public OptionalDouble fixed() {
        return OptionalDouble.of(lambda);
      }

      @Override
      public String toString() {
        return "fixed " + lambda;
      }
    };
  }
}
