package dev.mneme.store.hf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.store.json.JsonValue;
import java.util.Optional;
import java.util.Set;

/**
 * What transformers 5 makes of {@code tokenizer.json} and {@code tokenizer_config.json} together.
 *
 * <p>Most tokenizer classes run {@code tokenizer.json} as it stands. Some build steps anew from
 * {@code tokenizer_config.json}: the byte-level ones take {@code add_prefix_space} from it, false
 * if it is not there; {@code LlamaTokenizer} takes from {@code add_prefix_space} (true if absent)
 * and {@code legacy} (false if absent) where a text gets a leading blank. The class is named there
 * too, or follows from the model's type.
 */
final class TokenizerClass {

  private static final Set<String> BUILDING =
      Set.of("GPT2Tokenizer", "GPTNeoXTokenizer", "Qwen2Tokenizer", "CohereTokenizer");

  /** Model types whose class is a building one whatever the settings name. */
  private static final Set<String> ALWAYS_BUILDING = Set.of("qwen2");

  /** Model types whose class is a building one where the settings name none. */
  private static final Set<String> BUILDING_UNNAMED = Set.of("gpt2", "gpt_neox", "qwen3");

  private static final Optional<String> LLAMA = Optional.of("LlamaTokenizer");

  private static final String ADD_PREFIX_SPACE = "add_prefix_space";

  private TokenizerClass() {}

  /**
   * The description of a tokenizer with what its settings change.
   *
   * @param modelType {@code model_type} of {@code config.json}
   */
  static JsonValue apply(
      JsonValue tokenizer, Optional<JsonValue> settings, Optional<String> modelType) {
    Optional<String> named =
        settings
            .flatMap(s -> s.find("tokenizer_class"))
            .filter(JsonValue::isString)
            .map(JsonValue::string)
            .map(name -> name.replaceFirst("Fast$", ""));
    Optional<JsonValue> steps = tokenizer.find("pre_tokenizer");
    JsonNode old = steps.map(JsonValue::tree).orElse(NullNode.getInstance());
    boolean byteLevel = hasByteLevel(old);
    if (byteLevel && buildsByteLevel(named, modelType)) {
      JsonNode changed = old.deepCopy();
      setPrefix(changed, flag(settings, ADD_PREFIX_SPACE, false));
      return changed.equals(old) ? tokenizer : tokenizer.with("pre_tokenizer", changed);
    }
    if (!byteLevel && named.equals(LLAMA) && modelType.equals(Optional.of("llama"))) {
      return tokenizer
          .with("normalizer", NullNode.getInstance())
          .with("pre_tokenizer", metaspace(settings));
    }
    return tokenizer;
  }

  private static boolean buildsByteLevel(Optional<String> named, Optional<String> modelType) {
    return modelType.filter(ALWAYS_BUILDING::contains).isPresent()
        || named
            .map(BUILDING::contains)
            .orElseGet(() -> modelType.filter(BUILDING_UNNAMED::contains).isPresent());
  }

  private static JsonNode metaspace(Optional<JsonValue> settings) {
    String first = flag(settings, "legacy", false) ? "always" : "first";
    return JsonNodeFactory.instance
        .objectNode()
        .put("type", "Metaspace")
        .put("replacement", String.valueOf(TokenizerJson.BLANK))
        .put("prepend_scheme", flag(settings, ADD_PREFIX_SPACE, true) ? first : "never")
        .put("split", false);
  }

  private static boolean flag(Optional<JsonValue> settings, String name, boolean otherwise) {
    return settings.flatMap(s -> s.find(name)).map(JsonValue::bool).orElse(otherwise);
  }

  private static boolean hasByteLevel(JsonNode step) {
    return step.path("type").asText().equals("ByteLevel")
        || step.path("pretokenizers").valueStream().anyMatch(TokenizerClass::hasByteLevel);
  }

  private static void setPrefix(JsonNode step, boolean prefix) {
    if (step instanceof ObjectNode object && step.path("type").asText().equals("ByteLevel")) {
      object.put(ADD_PREFIX_SPACE, prefix);
    }
    step.path("pretokenizers").forEach(member -> setPrefix(member, prefix));
  }
}
