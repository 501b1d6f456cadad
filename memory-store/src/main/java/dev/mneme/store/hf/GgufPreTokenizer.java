package dev.mneme.store.hf;

import com.google.common.collect.ImmutableList;
import dev.mneme.store.json.JsonValue;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The ways of cutting a text that the bundled llama.cpp knows by a value of {@code
 * tokenizer.ggml.pre}, with the steps of a {@code tokenizer.json} that do the same. A way is
 * recognised by what its steps do, not by who published it: StarCoder, Granite and Command R cut as
 * SmolLM does, OLMo 2 and Phi-4 as Llama 3.
 */
enum GgufPreTokenizer {
  GPT2("gpt-2", false, Step.WORDS),
  SMOLLM("smollm", false, Step.DIGITS, Step.WORDS),
  LLAMA3("llama-bpe", true, SplitPatterns.LLAMA3, Step.BYTES),
  SMAUG("smaug-bpe", false, SplitPatterns.LLAMA3, Step.BYTES),
  QWEN2("qwen2", false, SplitPatterns.QWEN2, Step.BYTES),
  TEKKEN("tekken", true, SplitPatterns.TEKKEN, Step.BYTES),
  GPT4O("gpt-4o", false, SplitPatterns.GPT4O, Step.BYTES),
  BLOOM("bloom", false, SplitPatterns.BLOOM, Step.BYTES),
  VIKING("viking", false, SplitPatterns.BLOOM, Step.DIGITS, Step.BYTES),
  DEEPSEEK_LLM(
      "deepseek-llm",
      false,
      SplitPatterns.LINE_END,
      SplitPatterns.DEEPSEEK_LETTERS,
      SplitPatterns.DEEPSEEK_PUNCTUATION,
      "\\s+$",
      SplitPatterns.DEEPSEEK_IDEOGRAPHS,
      Step.NUMBERS,
      Step.BYTES),
  DEEPSEEK_CODER(
      "deepseek-coder",
      false,
      SplitPatterns.LINE_END,
      "\\s?\\p{L}+",
      "\\s?\\p{P}+",
      SplitPatterns.DEEPSEEK_IDEOGRAPHS,
      Step.DIGITS,
      Step.BYTES),
  DEEPSEEK3(
      "deepseek-v3",
      false,
      "\\p{N}{1,3}",
      SplitPatterns.DEEPSEEK3_IDEOGRAPHS,
      SplitPatterns.DEEPSEEK3_WORDS,
      Step.BYTES);

  /** Steps that are no split by a pattern; none of these names is a pattern. */
  private static final class Step {
    /** GPT-2's pattern, then bytes as characters. */
    static final String WORDS = "ByteLevel with its own pattern";

    static final String BYTES = "ByteLevel without a pattern";
    static final String DIGITS = "Digits, each by itself";
    static final String NUMBERS = "Digits, together";
    static final String OTHER = "another step";

    private Step() {}
  }

  private final String pre;
  private final boolean wholeEntriesFirst;
  private final ImmutableList<String> steps;

  GgufPreTokenizer(String pre, boolean wholeEntriesFirst, String... steps) {
    this.pre = pre;
    this.wholeEntriesFirst = wholeEntriesFirst;
    this.steps =
        Arrays.stream(steps)
            .map(GgufPreTokenizer::unified)
            .collect(ImmutableList.toImmutableList());
  }

  /** The value of {@code tokenizer.ggml.pre}. */
  String pre() {
    return pre;
  }

  /**
   * The one that does the same.
   *
   * @param wholeEntriesFirst whether a piece that is an entry is taken whole ({@code
   *     ignore_merges})
   * @param joinsDigits whether a merge joins digits; where none does, digits stay apart whether
   *     they are cut or not
   */
  static Optional<GgufPreTokenizer> of(
      List<JsonValue> steps, boolean wholeEntriesFirst, boolean joinsDigits) {
    List<String> wanted = described(steps);
    return Arrays.stream(values())
        .filter(known -> known.wholeEntriesFirst == wholeEntriesFirst)
        .filter(
            known ->
                known.steps.equals(wanted)
                    || (!joinsDigits && known.separatingDigits().equals(wanted)))
        .findFirst();
  }

  private List<String> separatingDigits() {
    return steps.stream().map(step -> step.equals(Step.NUMBERS) ? Step.DIGITS : step).toList();
  }

  /** The first step with which no way begins, or the last one if the end is missing. */
  static int firstUnknown(List<JsonValue> steps) {
    List<String> wanted = described(steps);
    OptionalInt furthest = Arrays.stream(values()).mapToInt(known -> known.common(wanted)).max();
    return Math.min(furthest.orElse(0), steps.size() - 1);
  }

  private int common(List<String> wanted) {
    int same = 0;
    while (same < Math.min(steps.size(), wanted.size())
        && steps.get(same).equals(wanted.get(same))) {
      same++;
    }
    return same;
  }

  private static List<String> described(List<JsonValue> steps) {
    return steps.stream().map(GgufPreTokenizer::describe).toList();
  }

  private static String describe(JsonValue step) {
    return switch (step.get("type").string()) {
      case "ByteLevel" ->
          flag(step, "add_prefix_space")
              ? Step.OTHER
              : flag(step, "use_regex") ? Step.WORDS : Step.BYTES;
      case "Digits" ->
          step.find("individual_digits").map(JsonValue::bool).orElse(false)
              ? Step.DIGITS
              : Step.NUMBERS;
      case "Split" -> pattern(step);
      default -> Step.OTHER;
    };
  }

  private static boolean flag(JsonValue step, String name) {
    return step.find(name).map(JsonValue::bool).orElse(true);
  }

  /**
   * A split that keeps what it finds and what lies between. Patterns that find everything may as
   * well be told to remove the rest.
   */
  private static String pattern(JsonValue step) {
    Optional<String> regex = step.get("pattern").find("Regex").map(JsonValue::string);
    if (regex.isEmpty()) {
      return Step.OTHER;
    }
    String behavior = step.get("behavior").string();
    boolean inverted = step.find("invert").map(JsonValue::bool).orElse(false);
    boolean keepsAll =
        behavior.equals("Isolated")
            || (behavior.equals("Removed") && inverted && regex.get().endsWith("|\\s+"));
    if (!keepsAll) {
      return Step.OTHER;
    }
    return regex.get().equals("\\p{N}") ? Step.DIGITS : unified(regex.get());
  }

  /**
   * One spelling for what is written in several ways: contractions, single digits, line ends, and
   * tiktoken's repetitions that give nothing back, where there is nothing to give back to.
   */
  private static String unified(String regex) {
    String contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    return regex
        .replace("(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])", contractions)
        .replace("'(?i:[sdmt]|ll|ve|re)", contractions)
        .replace("]?+\\p{L}", "]?\\p{L}")
        .replace("]++[", "]+[")
        .replace("|\\s*[\\r\\n]|", "|\\s*[\\r\\n]+|")
        .replace("\\p{N}{1}|", "\\p{N}|")
        .replace("\\r", "\r")
        .replace("\\n", "\n");
  }
}
