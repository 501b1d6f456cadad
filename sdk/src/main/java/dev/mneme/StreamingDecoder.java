package dev.mneme;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Turns ids into text while they arrive, never showing half a character: a token may end inside the
 * bytes of one. Malformed bytes become U+FFFD, just as when the whole is decoded at once. One for
 * each text, used by one thread.
 */
public final class StreamingDecoder {

  private final Vocabulary vocabulary;
  private final CharsetDecoder utf8 =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private byte[] pending = new byte[0];
  private boolean dropSpace;

  /**
   * A decoder at the start of a text, or of a continuation.
   *
   * @param dropLeadingSpace whether the blank a tokenizer puts before a whole text is to be dropped
   */
  public StreamingDecoder(Vocabulary vocabulary, boolean dropLeadingSpace) {
    this.vocabulary = vocabulary;
    this.dropSpace = dropLeadingSpace;
  }

  /** The characters that are complete with this id; may be empty. */
  public String push(int id) {
    return decode(vocabulary.spell(id), false);
  }

  /** What is left: an unfinished character becomes U+FFFD. */
  public String finish() {
    return decode(new byte[0], true);
  }

  private String decode(byte[] more, boolean end) {
    ByteBuffer in = ByteBuffer.allocate(pending.length + more.length).put(pending).put(more).flip();
    CharBuffer out = CharBuffer.allocate(in.remaining() + 2);
    utf8.decode(in, out, end);
    if (end) {
      utf8.flush(out);
    }
    pending = new byte[in.remaining()];
    in.get(pending);
    String text = out.flip().toString();
    if (dropSpace && !text.isEmpty()) {
      dropSpace = false;
      return text.startsWith(" ") ? text.substring(1) : text;
    }
    return text;
  }
}
