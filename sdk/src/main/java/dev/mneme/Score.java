package dev.mneme;

import com.google.common.collect.ImmutableList;
import java.util.List;

/**
 * How likely a text was, token by token.
 *
 * @param tokens every token but the first, which nothing precedes
 * @param memories exactly what took part, in order of attachment
 */
public record Score(List<TokenScore> tokens, List<MemoryUse> memories) {

  public Score {
    tokens = ImmutableList.copyOf(tokens);
    memories = ImmutableList.copyOf(memories);
  }

  /** Natural logarithm of the text's probability in the mixture. */
  public double logProbability() {
    return tokens.stream().mapToDouble(TokenScore::mixture).sum();
  }

  /** exp of the mean negative log-probability per token. */
  public double perplexity() {
    return Math.exp(-logProbability() / tokens.size());
  }
}
