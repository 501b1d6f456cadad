package dev.mneme.djl;

import dev.mneme.MnemeException;
import dev.mneme.store.hf.SplitPattern;
import dev.mneme.store.json.JsonValue;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Lets only steps before a tokenizer's model pass that are known to come to an end on every text:
 * the Hugging Face tokenizers library panics on others, which ends the JVM. It does so on patterns
 * that backtrack too often, and on normalising an added token to nothing.
 */
final class PipelineGuard {

  private static final Set<String> UNICODE_FORMS = Set.of("NFC", "NFD", "NFKC", "NFKD");

  private PipelineGuard() {}

  /**
   * Checks a {@code tokenizer.json}.
   *
   * @throws MnemeException naming the first step that is not supported
   */
  static void check(JsonValue root) {
    for (JsonValue step : steps(root.find("normalizer"), "normalizers")) {
      if (!isKnownNormalizer(step)) {
        throw unsupported(root, "normalizer", step, "NFC, NFD, NFKC, NFKD, Prepend, Replace");
      }
    }
    for (JsonValue step : steps(root.find("pre_tokenizer"), "pretokenizers")) {
      if (!isKnownPreTokenizer(step)) {
        throw unsupported(
            root,
            "pre_tokenizer",
            step,
            "ByteLevel, Metaspace, Digits, Punctuation, Split by the pattern of Qwen2 or Llama 3 or"
                + " by a text");
      }
    }
  }

  private static List<JsonValue> steps(Optional<JsonValue> part, String members) {
    if (part.isEmpty()) {
      return List.of();
    }
    if (!type(part.get()).equals("Sequence")) {
      return List.of(part.get());
    }
    return part.get().get(members).elements().stream()
        .flatMap(step -> steps(Optional.of(step), members).stream())
        .toList();
  }

  /** None of these makes nothing of something. */
  private static boolean isKnownNormalizer(JsonValue step) {
    return switch (type(step)) {
      case "Prepend" -> true;
      case "Replace" -> isText(step.get("pattern")) && !step.get("content").string().isEmpty();
      default -> UNICODE_FORMS.contains(type(step));
    };
  }

  private static boolean isKnownPreTokenizer(JsonValue step) {
    return switch (type(step)) {
      case "ByteLevel", "Metaspace", "Digits", "Punctuation" -> true;
      case "Split" -> {
        JsonValue pattern = step.get("pattern");
        yield isText(pattern)
            || pattern.find("Regex").flatMap(r -> SplitPattern.of(r.string())).isPresent();
      }
      default -> false;
    };
  }

  private static boolean isText(JsonValue pattern) {
    return pattern.find("String").map(text -> !text.string().isEmpty()).orElse(false)
        && pattern.find("Regex").isEmpty();
  }

  private static String type(JsonValue step) {
    return step.get("type").string();
  }

  private static MnemeException unsupported(
      JsonValue root, String part, JsonValue step, String supported) {
    String regex =
        step.find("pattern")
            .filter(JsonValue::isObject)
            .flatMap(pattern -> pattern.find("Regex"))
            .map(value -> " by " + value)
            .orElse("");
    return new MnemeException(
        "%s: the %s %s%s is not supported; supported are %s"
            .formatted(root.origin(), part, type(step), regex, supported));
  }
}
