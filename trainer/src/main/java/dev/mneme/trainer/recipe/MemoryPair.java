package dev.mneme.trainer.recipe;

import static java.util.Objects.requireNonNull;

import com.google.common.base.Preconditions;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A Memory Decoder and an MLP Memory of one domain beside the host at once: p = (1-λ₁-λ₂)·p_host +
 * λ₁·p_decoder + λ₂·p_mlp.
 *
 * @param decoder mixed with the host; scored on the same texts as {@code mlp}, or on more
 */
record MemoryPair(Contender decoder, Contender mlp) {

  static final String LABEL = "+ Memory Decoder + MLP Memory";
  static final String KEY = "memoryAndMlpMemory";

  private static final int PARTS = 20;

  /** The weights of both. */
  record Weights(double decoder, double mlp) {}

  /**
   * What the pair gives.
   *
   * @param weights chosen on the domain's validation text
   * @param perplexity on each text
   */
  record Figures(Weights weights, Map<DataFile, Double> perplexity) {}

  /** The pairs of a comparison: the domains in which both memories were measured. */
  static List<MemoryPair> of(List<Contender> contenders) {
    return contenders.stream()
        .filter(one -> one.key().equals(Rival.MLP_MEMORY.key()))
        .flatMap(
            mlp ->
                contenders.stream()
                    .filter(one -> one.key().equals(Rival.MEMORY.key()))
                    .filter(one -> one.domain().equals(mlp.domain()))
                    .map(decoder -> new MemoryPair(decoder, mlp)))
        .toList();
  }

  ComparisonRecipe.Domain domain() {
    return mlp.domain();
  }

  /** The weights that are tried: multiples of 0.05 from 0, together at most 1. */
  static List<Weights> weights() {
    return IntStream.rangeClosed(0, PARTS)
        .boxed()
        .flatMap(
            i ->
                IntStream.rangeClosed(0, PARTS - i)
                    .mapToObj(j -> new Weights((double) i / PARTS, (double) j / PARTS)))
        .toList();
  }

  /** Chooses the weights on validation text and applies them to every text that both have. */
  Figures figures(Map<DataFile, float[]> host) {
    Weights best = best(host);
    var perplexity = new LinkedHashMap<DataFile, Double>();
    for (DataFile text : mlp.scores().keySet()) {
      perplexity.put(text, perplexity(text, host, best));
    }
    return new Figures(best, perplexity);
  }

  private Weights best(Map<DataFile, float[]> host) {
    var found = new LinkedHashMap<Weights, Double>();
    weights().forEach(w -> found.put(w, perplexity(domain().valid(), host, w)));
    return found.entrySet().stream()
        .min(Comparator.comparingDouble(Map.Entry::getValue))
        .orElseThrow()
        .getKey();
  }

  private double perplexity(DataFile text, Map<DataFile, float[]> host, Weights weights) {
    return perplexity(
        requireNonNull(host.get(text)),
        requireNonNull(decoder.scores().get(text)),
        requireNonNull(mlp.scores().get(text)),
        weights);
  }

  /** e to the mean -log p of the mixture, from log-probabilities of the same tokens. */
  static double perplexity(float[] host, float[] decoder, float[] mlp, Weights weights) {
    Preconditions.checkArgument(
        host.length == decoder.length && host.length == mlp.length,
        "the host scored %s tokens, the memories %s and %s",
        host.length,
        decoder.length,
        mlp.length);
    double rest = Math.max(0, 1 - weights.decoder() - weights.mlp()); // not -1e-17
    double nll = 0;
    for (int i = 0; i < host.length; i++) {
      nll -=
          Math.log(
              rest * Math.exp(host[i])
                  + weights.decoder() * Math.exp(decoder[i])
                  + weights.mlp() * Math.exp(mlp[i]));
    }
    return Math.exp(nll / host.length);
  }
}
