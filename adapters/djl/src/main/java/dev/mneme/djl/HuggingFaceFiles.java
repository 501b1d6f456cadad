package dev.mneme.djl;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.store.hf.HuggingFaceConfig;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.SafeTensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A network as Hugging Face publishes it: {@code config.json} and {@code model.safetensors}. */
final class HuggingFaceFiles {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private HuggingFaceFiles() {}

  /** An empty configuration. */
  static ObjectNode config() {
    return MAPPER.createObjectNode();
  }

  /** What {@code torch_dtype} says for weights that are written as F32 or F16. */
  static String torchName(Dtype dtype) {
    return dtype == Dtype.F16 ? "float16" : "float32";
  }

  /**
   * Writes both files.
   *
   * @throws MnemeException if one cannot be written
   */
  static void write(Path directory, ObjectNode config, List<SafeTensorsWriter.Entry> weights) {
    try {
      Files.createDirectories(directory);
      Files.writeString(
          directory.resolve(HuggingFaceConfig.FILE),
          MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(config) + "\n");
    } catch (IOException e) {
      throw new MnemeException(
          "cannot write into %s: %s; check the folder and the free space"
              .formatted(directory, FailureText.of(e)),
          e);
    }
    SafeTensorsWriter.write(
        directory.resolve("model.safetensors"), Map.of("format", "pt"), weights);
  }
}
