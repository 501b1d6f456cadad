package dev.mneme.store.hf;

import dev.mneme.FailureText;
import dev.mneme.MalformedFileException;
import dev.mneme.Sampling;
import dev.mneme.store.files.RegularFiles;
import dev.mneme.store.json.JsonValue;
import java.nio.file.Path;
import java.util.Optional;

/** How the makers of a model would draw its tokens: {@code generation_config.json}. */
public final class GenerationSettings {

  /** The file's name in a model folder. */
  public static final String FILE = "generation_config.json";

  /** What the transformers library takes where it draws and the file does not say. */
  private static final int DEFAULT_TOP_K = 50;

  private static final int REPETITION_WINDOW = 64;

  private GenerationSettings() {}

  /**
   * Reads the settings of a folder; greedy where there is no file or it does not ask for drawing.
   *
   * @throws MalformedFileException if a setting is out of its range
   */
  public static Sampling read(Path directory) {
    Path file = directory.resolve(FILE);
    if (!RegularFiles.exists(file)) {
      return Sampling.greedy();
    }
    JsonValue json = JsonValue.readPython(file);
    try {
      Sampling sampling = Sampling.greedy();
      if (json.find("do_sample").map(JsonValue::bool).orElse(false)) {
        sampling =
            Sampling.of(number(json, "temperature").orElse(1.0))
                .withTopK(
                    json.find("top_k")
                        .map(value -> (int) value.integer(0, Integer.MAX_VALUE))
                        .orElse(DEFAULT_TOP_K))
                .withTopP(number(json, "top_p").orElse(1.0))
                .withMinP(number(json, "min_p").orElse(0.0));
      }
      return sampling.withRepetitionPenalty(
          number(json, "repetition_penalty").orElse(1.0), REPETITION_WINDOW);
    } catch (IllegalArgumentException e) {
      throw new MalformedFileException(file + ": " + FailureText.of(e), e);
    }
  }

  private static Optional<Double> number(JsonValue json, String key) {
    return json.find(key).map(JsonValue::number);
  }
}
