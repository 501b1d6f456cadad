package dev.mneme.store.testing;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.store.hf.HuggingFaceConfig;
import dev.mneme.store.hf.MlpShape;
import dev.mneme.store.hf.MlpShape.Style;
import dev.mneme.store.hf.MlpShape.Tensor;
import dev.mneme.store.safetensors.SafeTensorsWriter;
import dev.mneme.store.safetensors.SafeTensorsWriter.Entry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Writes the folder of an MLP Memory with random weights for a host that {@link TinyModel} wrote.
 * Equal seeds give equal files.
 */
public final class TinyMlp {

  public static final int LAYERS = 2;
  public static final int FFN = 96;
  public static final double EPSILON = 1e-5;

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private TinyMlp() {}

  /** Writes a memory as wide as its host to a directory, which must exist. */
  public static Path write(Path directory, Style style, Path host, long seed) {
    return write(directory, style, host, TinyModel.HIDDEN, seed);
  }

  /** Writes a memory of its own width; one unlike the host's puts a transform first. */
  public static Path write(Path directory, Style style, Path host, int hidden, long seed) {
    int input = TinyModel.HIDDEN;
    int vocabulary = HuggingFaceConfig.read(host).vocabulary();
    var shape =
        new MlpShape(style, input, hidden, FFN, LAYERS, vocabulary, EPSILON, input != hidden);
    var random = new Random(seed);
    var entries = new ArrayList<Entry>();
    for (Tensor tensor : shape.tensors()) {
      entries.add(Entry.of(tensor.name(), tensor.shape(), values(tensor, random)));
    }
    try {
      SafeTensorsWriter.write(
          directory.resolve("model.safetensors"), Map.of("format", "pt"), entries);
      MAPPER.writeValue(directory.resolve("config.json").toFile(), config(shape));
      for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
        if (Files.exists(host.resolve(file))) {
          Files.copy(
              host.resolve(file), directory.resolve(file), StandardCopyOption.REPLACE_EXISTING);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return directory;
  }

  private static float[] values(Tensor tensor, Random random) {
    long count = tensor.shape().stream().reduce(1L, Math::multiplyExact);
    var values = new float[(int) count];
    boolean normWeight = !tensor.isMatrix() && tensor.name().endsWith("weight");
    for (int i = 0; i < values.length; i++) {
      double noise = (tensor.isMatrix() ? 0.3 : 0.1) * random.nextGaussian();
      values[i] = (float) (normWeight ? 1 + noise : noise);
    }
    return values;
  }

  /** With some of the fields that released memories have and that mean nothing for them. */
  private static ObjectNode config(MlpShape shape) {
    ObjectNode config =
        MAPPER
            .createObjectNode()
            .put("model_type", shape.style().modelType())
            .put("vocab_size", shape.vocabulary());
    return switch (shape.style()) {
      case MISTRAL ->
          config
              .put("hidden_size", shape.hidden())
              .put("intermediate_size", shape.feedForward())
              .put("num_hidden_layers", shape.layers())
              .put("rms_norm_eps", shape.normEpsilon())
              .put("hidden_act", "silu")
              .put("num_attention_heads", 7)
              .put("tie_word_embeddings", false)
              .put("bos_token_id", 1)
              .put("eos_token_id", 2);
      case GPT2 ->
          config
              .put("n_embd", shape.hidden())
              .put("n_inner", shape.feedForward())
              .put("n_layer", shape.layers())
              .put("layer_norm_epsilon", shape.normEpsilon())
              .put("activation_function", "gelu_new")
              .put("n_head", 7);
    };
  }
}
