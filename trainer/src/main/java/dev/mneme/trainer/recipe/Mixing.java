package dev.mneme.trainer.recipe;

import com.google.common.base.Preconditions;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * A host and a memory on one text: perplexity of p = (1-λ)·p_host + λ·p_memory for any λ, from what
 * each gave the text's tokens.
 */
final class Mixing {

  private static final int PARTS = 20;

  private final double[] host;
  private final double[] memory;

  /**
   * Two models on the same tokens.
   *
   * @param host log-probabilities
   * @param memory log-probabilities; minus infinity is probability 0
   */
  Mixing(float[] host, float[] memory) {
    Preconditions.checkArgument(
        host.length == memory.length && host.length > 0,
        "the host scored %s tokens, the memory %s",
        host.length,
        memory.length);
    this.host = probabilities(host);
    this.memory = probabilities(memory);
  }

  /** The weights that are tried: 0.05 to 0.95 in steps of 0.05. */
  static double[] weights() {
    return IntStream.range(1, PARTS).mapToDouble(i -> (double) i / PARTS).toArray();
  }

  /** e to the mean -log p of the mixture. */
  double perplexity(double lambda) {
    double nll = 0;
    for (int i = 0; i < host.length; i++) {
      nll -= Math.log((1 - lambda) * host[i] + lambda * memory[i]);
    }
    return Math.exp(nll / host.length);
  }

  /** The weight of {@link #weights} with the lowest perplexity, the smaller of equals. */
  double best() {
    return DoubleStream.of(weights())
        .boxed()
        .min((a, b) -> Double.compare(perplexity(a), perplexity(b)))
        .orElseThrow();
  }

  /** Perplexity of one model alone. */
  static double perplexity(float[] scores) {
    double nll = 0;
    for (float score : scores) {
      nll -= score;
    }
    return Math.exp(nll / scores.length);
  }

  private static double[] probabilities(float[] logs) {
    double[] probabilities = new double[logs.length];
    for (int i = 0; i < logs.length; i++) {
      probabilities[i] = Math.exp(logs[i]);
    }
    return probabilities;
  }
}
