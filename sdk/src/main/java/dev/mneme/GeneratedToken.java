package dev.mneme;

import com.google.common.collect.ImmutableMap;
import java.util.Map;

/**
 * One generated token.
 *
 * @param id its id
 * @param text text that became complete with this token: empty while a character or a possible stop
 *     string is unfinished, longer than the token when something was held back before it
 * @param logProbability natural logarithm of its probability in the mixture, before sampling
 *     options
 * @param shares for each memory of the generation, by name and in order of attachment, the part of
 *     that probability it gave: λᵢ·pᵢ / p, in [0, 1]; the host gave the rest
 */
public record GeneratedToken(
    int id, String text, double logProbability, Map<String, Double> shares) {

  public GeneratedToken {
    shares = ImmutableMap.copyOf(shares);
  }
}
