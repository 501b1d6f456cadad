package dev.mneme.djl;

import dev.mneme.MnemeException;
import dev.mneme.djl.internal.RunLimit;
import dev.mneme.store.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Lets only steps before a tokenizer's model pass that are known to come to an end: the Hugging
 * Face tokenizers library panics on others, which ends the JVM. It does so on patterns that step
 * back too often (see {@link SplitCost}), and on normalising an added token to nothing.
 */
final class PipelineGuard {

  private static final Set<String> UNICODE_FORMS = Set.of("NFC", "NFD", "NFKC", "NFKD");

  private static final Set<String> PLAIN_SPLITS =
      Set.of(
          "Metaspace",
          "Digits",
          "Punctuation",
          "Whitespace",
          "WhitespaceSplit",
          "BertPreTokenizer",
          "CharDelimiterSplit",
          "UnicodeScripts");

  private PipelineGuard() {}

  /**
   * Checks a {@code tokenizer.json}.
   *
   * @return what a text must keep to
   * @throws MnemeException naming the first step that is not supported
   */
  static List<RunLimit> check(JsonValue root) {
    var limits = new ArrayList<RunLimit>();
    for (JsonValue step : steps(root.find("normalizer"), "normalizers")) {
      if (!isKnownNormalizer(step)) {
        throw unsupported(root, "normalizer", step, "NFC, NFD, NFKC, NFKD, Prepend, Replace");
      }
    }
    for (JsonValue step : steps(root.find("pre_tokenizer"), "pretokenizers")) {
      limits.addAll(
          limits(step)
              .orElseThrow(
                  () ->
                      unsupported(
                          root,
                          "pre_tokenizer",
                          step,
                          "ByteLevel, %s, and Split by a text or by a regular expression whose steps back grow no faster than the text"
                              .formatted(
                                  String.join(", ", PLAIN_SPLITS.stream().sorted().toList())))));
    }
    return List.copyOf(limits);
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

  /** What a text must keep to for a step; empty if the step is not known to end. */
  private static Optional<List<RunLimit>> limits(JsonValue step) {
    String type = type(step);
    if (type.equals("ByteLevel")) {
      return Optional.of(List.of(RunLimit.WHITE_SPACE));
    }
    if (PLAIN_SPLITS.contains(type)) {
      return Optional.of(List.of());
    }
    if (!type.equals("Split")) {
      return Optional.empty();
    }
    JsonValue pattern = step.get("pattern");
    return isText(pattern)
        ? Optional.of(List.of())
        : pattern.find("Regex").flatMap(regex -> SplitCost.limits(regex.string()));
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
