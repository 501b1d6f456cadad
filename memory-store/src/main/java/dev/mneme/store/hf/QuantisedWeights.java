package dev.mneme.store.hf;

import dev.mneme.MnemeException;
import dev.mneme.store.json.JsonValue;
import java.util.Optional;

/** Tells from {@code config.json} that a folder's weights are quantised, which none here reads. */
final class QuantisedWeights {

  private QuantisedWeights() {}

  /**
   * Refuses them.
   *
   * @throws MnemeException saying how they are quantised and what to give instead
   */
  static void refuse(JsonValue config) {
    config.find("quantization_config").ifPresent(block -> refuse(config, method(block), block));
    config.find("compression_config").ifPresent(block -> refuse(config, method(block), block));
    // MLX writes such a block beside quantization_config, or alone.
    config.find("quantization").ifPresent(block -> refuse(config, Optional.of("MLX"), block));
  }

  /** The method's name, or for some older files what tells it. */
  private static Optional<String> method(JsonValue block) {
    if (!block.isObject()) {
      return Optional.empty();
    }
    return block
        .find("quant_method")
        .filter(JsonValue::isString)
        .map(JsonValue::string)
        .or(() -> block.find("load_in_4bit").map(flag -> "bitsandbytes"))
        .or(() -> block.find("group_size").map(size -> "MLX"));
  }

  private static void refuse(JsonValue config, Optional<String> method, JsonValue block) {
    throw new MnemeException(
        "%s: the weights are quantised%s (\"%s\"); give the folder of the original weights, in F32, F16 or BF16, or a GGUF file"
            .formatted(
                config.origin(), method.map(name -> " with " + name).orElse(""), block.place()));
  }
}
