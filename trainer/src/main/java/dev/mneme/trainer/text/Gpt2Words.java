package dev.mneme.trainer.text;

/**
 * Cuts text into the words that byte-level BPE never merges across, exactly where GPT-2's pattern
 * does:
 *
 * <pre>{@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}</pre>
 *
 * <p>What llama.cpp calls the pre-tokenizer {@code gpt-2}. Letters and numbers are those of this
 * JDK's Unicode; engines with older tables cut characters assigned since then otherwise.
 */
final class Gpt2Words {

  private static final byte OTHER = 0;
  private static final byte LETTER = 1;
  private static final byte NUMBER = 2;
  private static final byte SPACE = 3;

  private static final byte[] KINDS = new byte[Character.MIN_SUPPLEMENTARY_CODE_POINT];

  static {
    for (int c = 0; c < KINDS.length; c++) {
      KINDS[c] = kindOf(c);
    }
  }

  private Gpt2Words() {}

  /** Where the word that starts at {@code start}, an index below the text's length, ends. */
  static int end(String text, int start) {
    char first = text.charAt(start);
    if (first == '\'') {
      int end = contractionEnd(text, start);
      if (end > 0) {
        return end;
      }
    }
    int from = first == ' ' && start + 1 < text.length() ? start + 1 : start;
    byte kind = kindAt(text, from);
    if (kind == SPACE) {
      int end = runEnd(text, start, SPACE);
      // The last blank of several belongs to the word behind it.
      return end == text.length() || end == start + 1 ? end : end - 1;
    }
    return runEnd(text, from, kind);
  }

  private static int contractionEnd(String text, int start) {
    char second = start + 1 < text.length() ? text.charAt(start + 1) : 0;
    char third = start + 2 < text.length() ? text.charAt(start + 2) : 0;
    return switch (second) {
      case 's', 't', 'm', 'd' -> start + 2;
      case 'r', 'v' -> third == 'e' ? start + 3 : 0;
      case 'l' -> third == 'l' ? start + 3 : 0;
      default -> 0;
    };
  }

  private static int runEnd(String text, int start, byte kind) {
    int i = start;
    while (i < text.length() && kindAt(text, i) == kind) {
      i += Character.charCount(text.codePointAt(i));
    }
    return i;
  }

  private static byte kindAt(String text, int index) {
    char c = text.charAt(index);
    return Character.isHighSurrogate(c) ? kindOf(text.codePointAt(index)) : KINDS[c];
  }

  private static byte kindOf(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.UPPERCASE_LETTER,
          Character.LOWERCASE_LETTER,
          Character.TITLECASE_LETTER,
          Character.MODIFIER_LETTER,
          Character.OTHER_LETTER ->
          LETTER;
      case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
          NUMBER;
      case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
          SPACE;
      default -> (codePoint >= '\t' && codePoint <= '\r') || codePoint == 0x85 ? SPACE : OTHER;
    };
  }
}
