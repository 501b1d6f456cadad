package dev.mneme.store.hf;

import dev.mneme.store.safetensors.TensorSource;
import java.nio.file.Path;

/** A whole model directory. */
public final class HuggingFaceModel {

  private HuggingFaceModel() {}

  /**
   * Checks that configuration, tokenizer and weights of a directory fit together.
   *
   * @throws dev.mneme.MalformedFileException naming everything that does not
   */
  public static void check(Path directory) {
    HuggingFaceConfig config = HuggingFaceConfig.read(directory);
    TokenizerJson.read(directory, config);
    try (TensorSource weights = TensorSource.openDirectory(directory)) {
      ModelTensors.check(directory, config, weights);
    }
  }
}
