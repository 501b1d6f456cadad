package dev.mneme.llamacpp.internal;

import com.google.common.collect.ImmutableSet;
import java.util.Set;

/**
 * How deep llama.cpp recurses when it splits a text for a byte-pair tokenizer. It matches regular
 * expressions with std::regex, which recurses once for each character of a match or an attempt at
 * one.
 *
 * <p>In the patterns that are known, a match is at most white space, other characters and white
 * space again, so the longest three such runs in a row bound it. For a tokenizer whose patterns are
 * not known, the whole text is the bound.
 */
final class SplitDepth {

  /** Values of {@code tokenizer.ggml.pre} whose patterns were looked at, at tag b4916. */
  private static final Set<String> KNOWN =
      ImmutableSet.of(
          "default",
          "llama3",
          "llama-v3",
          "llama-bpe",
          "falcon3",
          "deepseek-llm",
          "deepseek-coder",
          "deepseek-v3",
          "falcon",
          "mpt",
          "starcoder",
          "gpt-2",
          "phi-2",
          "jina-es",
          "jina-de",
          "gigachat",
          "jina-v1-en",
          "jina-v2-es",
          "jina-v2-de",
          "jina-v2-code",
          "roberta-bpe",
          "refact",
          "command-r",
          "qwen2",
          "deepseek-r1-qwen",
          "stablelm2",
          "olmo",
          "dbrx",
          "smaug-bpe",
          "poro-chat",
          "chatglm-bpe",
          "viking",
          "jais",
          "tekken",
          "smollm",
          "codeshell",
          "bloom",
          "gpt3-finnish",
          "exaone",
          "chameleon",
          "minerva-7b",
          "megrez",
          "gpt-4o");

  private SplitDepth() {}

  /**
   * Most code points that one match can span.
   *
   * @param pre the file's {@code tokenizer.ggml.pre}
   */
  static int of(String text, String pre) {
    return KNOWN.contains(pre) ? longestThreeRuns(text) : text.length();
  }

  /** A character that may or may not be white space to llama.cpp belongs to the run before it. */
  private static int longestThreeRuns(String text) {
    int longest = 0;
    int beforeLast = 0;
    int last = 0;
    int run = 0;
    boolean inBlank = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean blank = isBlank(c);
      if (run > 0 && blank != inBlank && !isDoubtful(c)) {
        longest = Math.max(longest, beforeLast + last + run);
        beforeLast = last;
        last = run;
        run = 0;
      }
      if (run == 0) {
        inBlank = blank;
      }
      run++;
    }
    return Math.max(longest, beforeLast + last + run);
  }

  private static boolean isBlank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
  }

  private static boolean isDoubtful(char c) {
    return !isBlank(c)
        && (Character.isWhitespace(c)
            || Character.isSpaceChar(c)
            || c == '\u0085'
            || c == '\u180e'
            || Character.getType(c) == Character.FORMAT);
  }
}
