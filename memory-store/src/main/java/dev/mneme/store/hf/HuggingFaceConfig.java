package dev.mneme.store.hf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.collect.ImmutableMap;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The shape of a decoder, from {@code config.json}.
 *
 * @param architecture which family
 * @param hidden width of the residual stream
 * @param layers number of blocks
 * @param heads query heads
 * @param kvHeads key and value heads; {@code heads} is a multiple of it
 * @param headDim numbers in a head
 * @param ffn width inside the feed-forward block
 * @param vocabulary rows of embedding and logits
 * @param context longest sequence; a Mistral sliding window shorter than that limits it, because up
 *     to the window full attention is the same
 * @param normEpsilon of RMSNorm or LayerNorm
 * @param ropeTheta base of the rotary frequencies; unused for GPT-2
 * @param ropeScaling how they are stretched
 * @param tied whether the head is the embedding
 * @param bos id that begins a sequence
 * @param eos id that ends one
 */
public record HuggingFaceConfig(
    Architecture architecture,
    int hidden,
    int layers,
    int heads,
    int kvHeads,
    int headDim,
    int ffn,
    int vocabulary,
    int context,
    float normEpsilon,
    float ropeTheta,
    RopeScaling ropeScaling,
    boolean tied,
    OptionalInt bos,
    OptionalInt eos) {

  /** Decoder families that can be converted. */
  public enum Architecture {
    LLAMA("llama"),
    MISTRAL("llama"),
    QWEN2("qwen2"),
    GPT2("gpt2");

    private final String gguf;

    Architecture(String gguf) {
      this.gguf = gguf;
    }

    /** Its name in {@code general.architecture}. */
    public String gguf() {
      return gguf;
    }
  }

  /** How rotary positions are stretched beyond the trained length. */
  public sealed interface RopeScaling {
    /** Not at all. */
    record None() implements RopeScaling {}

    /** All positions divided by a factor. */
    record Linear(float factor) implements RopeScaling {}

    /** Llama 3.1: slow frequencies divided, fast ones kept, a smooth passage between. */
    record Llama3(float factor, float lowFrequency, float highFrequency, int originalContext)
        implements RopeScaling {}
  }

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Map<String, Architecture> SUPPORTED =
      ImmutableMap.of(
          "llama", Architecture.LLAMA,
          "mistral", Architecture.MISTRAL,
          "qwen2", Architecture.QWEN2,
          "gpt2", Architecture.GPT2);

  /**
   * Reads {@code config.json} of a model directory.
   *
   * @throws MalformedFileException for a family that is not supported, or a field that is missing
   *     or makes no sense; names it
   */
  public static HuggingFaceConfig read(Path directory) {
    Path file = directory.resolve("config.json");
    if (!Files.isRegularFile(file)) {
      throw new MnemeException(
          directory + " is no Hugging Face model directory: it has no config.json");
    }
    try {
      JsonNode json = MAPPER.readTree(file.toFile());
      if (json == null || !json.isObject()) {
        throw new MalformedFileException(file + " should hold a JSON object");
      }
      return parse(new Fields(file, json));
    } catch (IOException e) {
      throw new MalformedFileException(file + " is not valid JSON: " + e.getMessage(), e);
    }
  }

  private static HuggingFaceConfig parse(Fields fields) {
    String type = fields.json().path("model_type").asText("(none)");
    Architecture architecture = SUPPORTED.get(type);
    if (architecture == null) {
      throw fields.malformed(
          "model_type", "is %s; supported are %s".formatted(type, SUPPORTED.keySet()));
    }
    HuggingFaceConfig config =
        architecture == Architecture.GPT2 ? gpt2(fields) : llama(fields, architecture);
    if (config.heads % config.kvHeads != 0) {
      throw fields.malformed(
          "num_key_value_heads",
          "is %d, which does not divide the %d heads".formatted(config.kvHeads, config.heads));
    }
    return config;
  }

  private static HuggingFaceConfig llama(Fields fields, Architecture architecture) {
    int hidden = fields.whole("hidden_size");
    int heads = fields.whole("num_attention_heads");
    int context = fields.whole("max_position_embeddings");
    if (architecture == Architecture.MISTRAL && fields.json().path("sliding_window").isInt()) {
      context = Math.min(context, fields.whole("sliding_window"));
    }
    if (!fields.json().path("hidden_act").asText("silu").equals("silu")) {
      throw fields.malformed(
          "hidden_act", "is not silu, the only activation this family is converted with");
    }
    for (String bias : new String[] {"attention_bias", "mlp_bias"}) {
      if (architecture != Architecture.QWEN2 && fields.json().path(bias).asBoolean(false)) {
        throw fields.malformed(bias, "is true, which is not supported for this family");
      }
    }
    return new HuggingFaceConfig(
        architecture,
        hidden,
        fields.whole("num_hidden_layers"),
        heads,
        fields.whole("num_key_value_heads", heads),
        fields.whole("head_dim", hidden / heads),
        fields.whole("intermediate_size"),
        fields.whole("vocab_size"),
        context,
        fields.positive("rms_norm_eps", 1e-6f),
        fields.positive("rope_theta", fields.ropeTheta()),
        ropeScaling(fields),
        fields.json().path("tie_word_embeddings").asBoolean(false),
        fields.id("bos_token_id"),
        fields.id("eos_token_id"));
  }

  private static HuggingFaceConfig gpt2(Fields fields) {
    int hidden = fields.whole("n_embd");
    int heads = fields.whole("n_head");
    return new HuggingFaceConfig(
        Architecture.GPT2,
        hidden,
        fields.whole("n_layer"),
        heads,
        heads,
        hidden / heads,
        fields.whole("n_inner", 4 * hidden),
        fields.whole("vocab_size"),
        fields.whole("n_positions"),
        fields.positive("layer_norm_epsilon", 1e-5f),
        0f,
        new RopeScaling.None(),
        fields.json().path("tie_word_embeddings").asBoolean(true),
        fields.id("bos_token_id"),
        fields.id("eos_token_id"));
  }

  private static RopeScaling ropeScaling(Fields fields) {
    JsonNode scaling = fields.json().path("rope_scaling");
    if (!scaling.isObject()) {
      scaling = fields.json().path("rope_parameters");
    }
    String type = scaling.path("rope_type").asText(scaling.path("type").asText("default"));
    var inner = new Fields(fields.file(), scaling);
    return switch (type) {
      case "default" -> new RopeScaling.None();
      case "linear" -> new RopeScaling.Linear(inner.positive("factor", Float.NaN));
      case "llama3" ->
          new RopeScaling.Llama3(
              inner.positive("factor", Float.NaN),
              inner.positive("low_freq_factor", Float.NaN),
              inner.positive("high_freq_factor", Float.NaN),
              inner.whole("original_max_position_embeddings"));
      default ->
          throw fields.malformed(
              "rope_scaling",
              "is of type %s; supported are default, linear and llama3".formatted(type));
    };
  }

  /** Typed access to one JSON object. */
  private record Fields(Path file, JsonNode json) {

    int whole(String name) {
      JsonNode value = json.path(name);
      if (!value.isInt() || value.intValue() < 1) {
        throw malformed(
            name,
            value.isMissingNode()
                ? "is missing"
                : "should be a whole number from 1 on, but is " + value);
      }
      return value.intValue();
    }

    int whole(String name, int fallback) {
      return json.path(name).isMissingNode() || json.path(name).isNull() ? fallback : whole(name);
    }

    float positive(String name, float fallback) {
      JsonNode value = json.path(name);
      float number = value.isNumber() ? value.floatValue() : fallback;
      if (!(number > 0)
          || Float.isInfinite(number)
          || (!value.isNumber() && !value.isMissingNode() && !value.isNull())) {
        throw malformed(name, "should be a positive number, but is " + value);
      }
      return number;
    }

    float ropeTheta() {
      return new Fields(file, json.path("rope_parameters")).positive("rope_theta", 10_000f);
    }

    OptionalInt id(String name) {
      JsonNode value = json.path(name);
      JsonNode first = value.isArray() ? value.path(0) : value;
      return first.isInt() && first.intValue() >= 0
          ? OptionalInt.of(first.intValue())
          : OptionalInt.empty();
    }

    MalformedFileException malformed(String name, String problem) {
      return new MalformedFileException("%s: %s %s".formatted(file, name, problem));
    }
  }
}
