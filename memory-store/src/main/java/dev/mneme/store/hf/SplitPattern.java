package dev.mneme.store.hf;

import java.util.Arrays;
import java.util.Optional;

/**
 * The published patterns by which byte-level tokenizers cut a text before they merge, with the
 * names that llama.cpp knows them by. Both engines run these and no others: a pattern is a program,
 * and one made for it backtracks without end.
 */
public enum SplitPattern {
  QWEN2("qwen2", "\\p{N}"),
  LLAMA3("llama-bpe", "\\p{N}{1,3}");

  private final String gguf;
  private final String regex;

  SplitPattern(String gguf, String numbers) {
    this.gguf = gguf;
    this.regex =
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
            + numbers
            + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  }

  /** The pattern that a {@code tokenizer.json} spells so, character by character. */
  public static Optional<SplitPattern> of(String regex) {
    return Arrays.stream(values()).filter(pattern -> pattern.regex.equals(regex)).findFirst();
  }

  /** The value of {@code tokenizer.ggml.pre}. */
  String gguf() {
    return gguf;
  }

  /** As {@code tokenizer.json} spells it, a regular expression of Oniguruma. */
  public String regex() {
    return regex;
  }
}
