package dev.mneme.store.hf;

import dev.mneme.store.json.JsonValue;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** What a tokenizer puts before a text of its own accord. */
final class TextBeginning {

  private static final String BLANK = String.valueOf(TokenizerJson.BLANK);

  private TextBeginning() {}

  /** Whether the first id is the beginning-of-sequence id. */
  static boolean isBos(TokenizerJson tokenizer) {
    return tokenizer.bos().isPresent() && tokenizer.bos().equals(mark(tokenizer));
  }

  /** The mark that the template for one text begins with, whatever other files call it. */
  static OptionalInt mark(TokenizerJson tokenizer) {
    for (JsonValue step : tokenizer.components("post_processor", "processors")) {
      if (isOf("TemplateProcessing", step)) {
        List<JsonValue> parts = step.get("single").elements();
        Optional<JsonValue> special =
            parts.isEmpty() ? Optional.empty() : parts.getFirst().find("SpecialToken");
        return special.isEmpty()
            ? OptionalInt.empty()
            : tokenizer.id(special.get().get("id").string());
      }
    }
    return OptionalInt.empty(); // add_bos_token counts for nothing beside a tokenizer.json
  }

  /** Whether the first word gets a blank. */
  static boolean isBlank(TokenizerJson tokenizer) {
    return tokenizer.components("normalizer", "normalizers").stream()
            .anyMatch(step -> isOf("Prepend", step) && step.get("prepend").string().equals(BLANK))
        || tokenizer.components("pre_tokenizer", "pretokenizers").stream()
            .anyMatch(TextBeginning::prefixesBlank);
  }

  private static boolean prefixesBlank(JsonValue step) {
    boolean flag = step.find("add_prefix_space").map(JsonValue::bool).orElse(true);
    return switch (step.get("type").string()) {
      case "Metaspace" ->
          step.find("prepend_scheme").map(scheme -> !scheme.string().equals("never")).orElse(flag);
      case "ByteLevel" -> flag;
      default -> false;
    };
  }

  private static boolean isOf(String type, JsonValue component) {
    return component.get("type").string().equals(type);
  }
}
