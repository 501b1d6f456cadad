package dev.mneme.trainer.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a model took to train, from its report.
 *
 * @param trainedWeights that were changed
 * @param tokens trained on
 * @param trainingSeconds spent on them
 * @param neighbourSeconds spent on datastore and neighbours before; 0 where there were none
 * @param threads processor threads
 */
record TrainingCost(
    long trainedWeights,
    long tokens,
    double trainingSeconds,
    double neighbourSeconds,
    int threads) {

  /** The cost of what a recipe made; none if its report is not in the work folder. */
  static Optional<TrainingCost> of(Path work, String model) {
    Path file = work.resolve(model + ".training").resolve("report.json");
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    JsonNode report;
    try {
      report = new ObjectMapper().readTree(file.toFile());
    } catch (IOException e) {
      throw new MnemeException(
          "cannot read %s: %s; run the recipe of %s again, which writes it anew"
              .formatted(file, FailureText.of(e), model),
          e);
    }
    double neighbours = 0;
    for (JsonNode stage : report.path("stages")) {
      String name = stage.path("stage").asText();
      if (name.equals("datastore") || name.equals("neighbours")) {
        neighbours += stage.path("seconds").asDouble();
      }
    }
    return Optional.of(
        new TrainingCost(
            report.path("trainedWeights").asLong(),
            report.path("tokens").asLong(),
            report.path("trainingSeconds").asDouble(),
            neighbours,
            report.at("/machine/threads").asInt()));
  }
}
