package dev.mneme;

import com.google.common.collect.ImmutableMap;
import java.util.Map;

/**
 * How likely one token of a given text was, natural logarithms.
 *
 * @param id the token
 * @param mixture its log-probability in the mixture
 * @param host the host's
 * @param memories each memory's, by name and in order of attachment
 * @param shares for each memory, by name, the part of the mixed probability it gave, in [0, 1]
 */
public record TokenScore(
    int id, double mixture, double host, Map<String, Double> memories, Map<String, Double> shares) {

  public TokenScore {
    memories = ImmutableMap.copyOf(memories);
    shares = ImmutableMap.copyOf(shares);
  }
}
