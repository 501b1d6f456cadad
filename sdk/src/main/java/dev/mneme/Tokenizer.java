package dev.mneme;

import java.nio.charset.StandardCharsets;

/**
 * Text to token ids and back, by the rules of one model. Safe for use by several threads.
 *
 * <p>Decoding a whole sequence is here; decoding while ids arrive is {@link StreamingDecoder},
 * which never shows half a character.
 */
public interface Tokenizer {

  /**
   * Ids of a text.
   *
   * @param addBos whether to begin with the model's beginning-of-sequence id, where it has one and
   *     is meant to be given one
   * @param parseSpecial whether text like {@code </s>} becomes the special id it spells; keep false
   *     for text you did not write
   */
  int[] encode(String text, boolean addBos, boolean parseSpecial);

  /** Ids of a prompt: with the beginning-of-sequence id, special text taken as text. */
  default int[] encode(String text) {
    return encode(Arguments.present(text, "text"), true, false);
  }

  /**
   * A number of ids that {@link #encode(String)} gives at least, known from a text's length alone:
   * no id spells more than the longest entry of the vocabulary. 0 where a tokenizer may drop parts
   * of a text.
   */
  default long fewestIds(String text) {
    return 0;
  }

  /** What the ids mean. */
  Vocabulary vocabulary();

  /** True where encoding puts a blank before the text, which decoding a whole text takes off. */
  boolean addsLeadingSpace();

  /**
   * The text of a whole sequence; control tokens spell nothing. Malformed UTF-8 becomes U+FFFD.
   *
   * @throws IllegalArgumentException for an id outside the vocabulary
   */
  default String decode(int[] ids) {
    Arguments.present(ids, "ids");
    String text = new String(vocabulary().spell(ids), StandardCharsets.UTF_8);
    return addsLeadingSpace() && text.startsWith(" ") ? text.substring(1) : text;
  }
}
