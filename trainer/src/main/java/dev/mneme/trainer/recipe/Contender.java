package dev.mneme.trainer.recipe;

import static java.util.Objects.requireNonNull;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What a rival of the host gave the tokens of some texts, and what follows from it.
 *
 * @param row its row in the table
 * @param key the row's name in results
 * @param model in the work folder; none for neighbours
 * @param mixed whether it is mixed with the host
 * @param scores log-probabilities of each text's tokens, if it is mixed the domain's validation
 *     text among them
 */
record Contender(
    String row,
    String key,
    ComparisonRecipe.Domain domain,
    Optional<MadeFolder> model,
    boolean mixed,
    Map<DataFile, float[]> scores) {

  /**
   * A contender's figures.
   *
   * @param lambda chosen on the domain's validation text; none if it takes the host's place
   * @param perplexity on each text
   */
  record Figures(OptionalDouble lambda, Map<DataFile, Double> perplexity) {}

  /**
   * Chooses the weight on validation text and applies it to every text.
   *
   * @param host the host's log-probabilities of each text
   */
  Figures figures(Map<DataFile, float[]> host) {
    var perplexity = new LinkedHashMap<DataFile, Double>();
    if (!mixed) {
      scores.forEach((text, own) -> perplexity.put(text, Mixing.perplexity(own)));
      return new Figures(OptionalDouble.empty(), perplexity);
    }
    double lambda = on(domain.valid(), host).best();
    scores.keySet().forEach(text -> perplexity.put(text, on(text, host).perplexity(lambda)));
    return new Figures(OptionalDouble.of(lambda), perplexity);
  }

  /** This mixed with the host, on a text. */
  Mixing on(DataFile text, Map<DataFile, float[]> host) {
    return new Mixing(requireNonNull(host.get(text)), requireNonNull(scores.get(text)));
  }
}
