package dev.mneme.trainer.recipe;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * kNN-LM in one domain: the same host mixed with neighbours, for every number of neighbours and
 * temperature.
 *
 * @param all one contender for each setting
 * @param cost what making and searching the datastore took and gave
 */
record NeighbourRow(ComparisonRecipe.Domain domain, List<Setting> all, Cost cost) {

  static final String LABEL = "+ kNN-LM";
  static final String KEY = "knnLm";

  /** One number of neighbours and temperature with what they gave. */
  record Setting(int k, double temperature, Contender contender) {}

  /**
   * What it took.
   *
   * @param keys in the datastore
   * @param bytes of them
   * @param datastoreSeconds to make them, where this run or an earlier one did
   * @param queries searched
   * @param searchSeconds for all queries, sorting of the keys into lists included
   * @param recall share of the exact neighbours that were found, on a sample
   */
  record Cost(
      long keys,
      long bytes,
      double datastoreSeconds,
      long queries,
      double searchSeconds,
      double recall) {

    static Cost of(JsonNode manifest, int width, double datastoreSeconds, double searchSeconds) {
      JsonNode results = manifest.path("results");
      long keys = results.path("keys").asLong();
      return new Cost(
          keys,
          2 * keys * width,
          datastoreSeconds,
          results.path("queries").asLong(),
          searchSeconds,
          results.path("recall").asDouble());
    }
  }

  /** The setting whose best mixture is best on the domain's validation text. */
  Setting best(Map<DataFile, float[]> host) {
    return all.stream()
        .min(
            Comparator.comparingDouble(
                setting ->
                    requireNonNull(
                        setting.contender().figures(host).perplexity().get(domain.valid()))))
        .orElseThrow();
  }
}
