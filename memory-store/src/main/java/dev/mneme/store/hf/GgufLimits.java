package dev.mneme.store.hf;

import dev.mneme.MnemeException;
import dev.mneme.store.hf.Attention.Bias;
import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import java.nio.file.Path;
import java.util.Set;

/**
 * What llama.cpp's graph of a family computes, which no key of a GGUF file changes. A model that is
 * otherwise cannot be written as GGUF: llama.cpp would compute something else without a word.
 */
final class GgufLimits {

  private final HuggingFaceConfig config;
  private final Path directory;

  private GgufLimits(HuggingFaceConfig config, Path directory) {
    this.config = config;
    this.directory = directory;
  }

  /**
   * Checks a model's network, but for its rotary positions and for what only Gemma 3 has.
   *
   * @throws MnemeException if llama.cpp would compute something else; names the field
   */
  static void check(HuggingFaceConfig config, Path directory) {
    var limits = new GgufLimits(config, directory);
    limits.checkActivation();
    limits.checkAttention();
  }

  private void checkActivation() {
    Architecture family = config.architecture();
    Activation found = config.shape().feedForward().activation();
    // llama.cpp's GELU is the tanh approximation, nowhere 0.0005 from the exact one that GPT-NeoX
    // models name.
    Set<Activation> computed =
        switch (family) {
          case LLAMA, MISTRAL, QWEN2, QWEN3 -> Set.of(Activation.SILU);
          case GEMMA3, GPT2 -> Set.of(Activation.GELU_TANH);
          case GPT_NEOX -> Set.of(Activation.GELU_TANH, Activation.GELU);
        };
    if (!computed.contains(found)) {
      String field =
          switch (family) {
            case GPT2 -> "activation_function";
            case GEMMA3 -> "hidden_activation";
            default -> "hidden_act";
          };
      throw refusal(
          directory, family, field, computed.iterator().next().configName(), found.configName());
    }
  }

  private void checkAttention() {
    Attention attention = config.shape().attention();
    Architecture family = config.architecture();
    boolean biased = attention.projection().bias() != Bias.NONE;
    if (family == Architecture.QWEN3 && biased) {
      throw refusal(directory, family, "attention_bias", false, true);
    }
    boolean quotient = attention.heads().queryWidth() == config.hidden();
    if (!quotient && (family == Architecture.QWEN2 || (family == Architecture.LLAMA && biased))) {
      throw refusal(
          directory,
          family,
          "head_dim",
          "hidden_size / num_attention_heads",
          attention.heads().width());
    }
  }

  static MnemeException refusal(
      Path directory, Architecture family, String field, Object expected, Object found) {
    return new MnemeException(
        "%s cannot be written as GGUF: llama.cpp computes %s with \"%s\" %s only, this model has %s; open the folder itself, which runs on PyTorch"
            .formatted(
                directory.resolve(HuggingFaceConfig.FILE),
                family.modelType(),
                field,
                expected,
                found));
  }
}
