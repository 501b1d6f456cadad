package dev.mneme.store.hf;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.hf.MlpShape.Style;
import dev.mneme.store.json.JsonValue;
import dev.mneme.store.safetensors.TensorInfo;
import dev.mneme.store.safetensors.TensorSource;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * What the {@code config.json} of an MLP Memory says. Released memories borrow the configuration of
 * a decoder family; its fields on attention, positions and embeddings are without meaning and not
 * read.
 *
 * @param bos beginning-of-sequence id, if named here
 * @param eos end-of-sequence ids named here, the main one first; may be empty
 */
record MlpConfig(
    Style style,
    int hidden,
    int feedForward,
    int layers,
    int vocabulary,
    double normEpsilon,
    OptionalInt bos,
    List<Integer> eos) {

  /** What transformers takes for Mistral where {@code rms_norm_eps} is absent. */
  private static final double DEFAULT_RMS_EPSILON = 1e-6;

  private static final String TRANSFORM = "embedding_transform.";

  /**
   * Reads the file of a folder.
   *
   * @throws MalformedFileException if a field is missing or wrong; names it
   * @throws MnemeException if there is no such file or the network is of no supported style
   */
  static MlpConfig read(Path directory) {
    JsonValue config = HuggingFaceConfig.json(directory);
    JsonValue modelType = config.get("model_type");
    Style style =
        Arrays.stream(Style.values())
            .filter(s -> s.modelType().equals(modelType.string()))
            .findFirst()
            .orElseThrow(
                () ->
                    new MnemeException(
                        "%s: MLP Memories of type \"%s\" are not supported; supported are %s"
                            .formatted(
                                config.origin(),
                                modelType.string(),
                                Arrays.stream(Style.values())
                                    .map(Style::modelType)
                                    .collect(Collectors.joining(", ")))));
    return switch (style) {
      case MISTRAL -> mistral(config);
      case GPT2 -> gpt2(config);
    };
  }

  private static MlpConfig mistral(JsonValue config) {
    requireActivation(config, "hidden_act", Activation.SILU);
    return new MlpConfig(
        Style.MISTRAL,
        config.get("hidden_size").count(),
        config.get("intermediate_size").count(),
        ConfigFields.layers(config.get("num_hidden_layers")),
        config.get("vocab_size").count(),
        config.find("rms_norm_eps").map(MlpConfig::epsilon).orElse(DEFAULT_RMS_EPSILON),
        HuggingFaceConfig.id(config, "bos_token_id"),
        HuggingFaceConfig.ids(config, "eos_token_id"));
  }

  private static MlpConfig gpt2(JsonValue config) {
    requireActivation(config, "activation_function", Activation.GELU_TANH);
    return new MlpConfig(
        Style.GPT2,
        config.get("n_embd").count(),
        Gpt2Fields.feedForward(config),
        ConfigFields.layers(config.get("n_layer")),
        config.get("vocab_size").count(),
        config
            .find("layer_norm_epsilon")
            .map(MlpConfig::epsilon)
            .orElse(Gpt2Fields.DEFAULT_EPSILON),
        HuggingFaceConfig.id(config, "bos_token_id"),
        HuggingFaceConfig.ids(config, "eos_token_id"));
  }

  private static void requireActivation(JsonValue config, String key, Activation supported) {
    if (Activation.read(config, key, supported) != supported) {
      throw config.get(key).unlike("\"" + supported.configName() + "\", the only supported value");
    }
  }

  /** Engines take it as a 32-bit float, and one ends the process where that is 0. */
  private static double epsilon(JsonValue value) {
    double epsilon = value.positive();
    if ((float) epsilon < Float.MIN_NORMAL || epsilon > 1) {
      throw value.unlike("a number above 1e-37 and at most 1");
    }
    return epsilon;
  }

  /** The shape; whether a transform comes first, and from which width, only the tensors tell. */
  MlpShape shape(TensorSource source) {
    Optional<TensorInfo> matrix = Optional.ofNullable(source.tensors().get(TRANSFORM + "weight"));
    boolean transform = matrix.isPresent() || source.tensors().containsKey(TRANSFORM + "bias");
    int input =
        matrix
            .map(TensorInfo::shape)
            .filter(shape -> shape.size() == 2)
            .map(shape -> shape.get(1))
            .filter(columns -> columns > 0 && columns <= Integer.MAX_VALUE)
            .map(Long::intValue)
            .orElse(hidden); // an odd transform is for the check of all tensors to name
    return new MlpShape(
        style, input, hidden, feedForward, layers, vocabulary, normEpsilon, transform);
  }
}
