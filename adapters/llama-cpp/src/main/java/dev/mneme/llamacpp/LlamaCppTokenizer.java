package dev.mneme.llamacpp;

import com.google.common.base.Ascii;
import com.google.common.base.Preconditions;
import dev.mneme.Tokenizer;
import dev.mneme.Vocabulary;
import dev.mneme.llamacpp.internal.LlamaModel;
import dev.mneme.store.gguf.GgufVocabulary;
import java.util.Arrays;

/**
 * The tokenizer of a GGUF file, by llama.cpp's reading of the file: a setting that the file leaves
 * out is what the library in use takes for it.
 */
final class LlamaCppTokenizer implements Tokenizer {

  /** A blank, and the sign that SentencePiece writes for it. */
  private static final String BLANKS = " \u2581";

  private final LlamaModel model;
  private final Vocabulary vocabulary;
  private final boolean keepsLeadingBlank;
  private final int[] blank;
  private final boolean addsBos;
  private final boolean addsLeadingSpace;
  private final int longestEntry;

  LlamaCppTokenizer(LlamaModel model, Vocabulary vocabulary) {
    this.model = model;
    this.vocabulary = vocabulary;
    keepsLeadingBlank = model.file().bool(GgufVocabulary.KEEPS_LEADING_BLANK).orElse(false);
    blank = keepsLeadingBlank ? idOfBlank(vocabulary) : new int[0];
    addsBos = model.addsBos() && vocabulary.bos().isPresent();
    addsLeadingSpace = spellsLeadingSpace();
    longestEntry = longestEntry();
  }

  /** Bytes; endless where a text may become ids that spell less than it. */
  private int longestEntry() {
    boolean dropsBlanks =
        Ascii.toLowerCase(model.file().string("general.name").orElse("")).contains("phi");
    int longest = 1;
    int singleBytes = 0;
    for (int id = 0; id < vocabulary.size(); id++) {
      Vocabulary.Kind kind = vocabulary.kind(id);
      if (kind == Vocabulary.Kind.TEXT || kind == Vocabulary.Kind.ADDED) {
        int bytes = vocabulary.bytes(id).length;
        longest = Math.max(longest, bytes);
        singleBytes += bytes == 1 ? 1 : 0;
      }
    }
    // llama.cpp drops bytes that have no entry, and blanks behind some of Phi-3's marks.
    return singleBytes < 256 || dropsBlanks ? Integer.MAX_VALUE : longest;
  }

  /** The library has no call that tells, so a letter is encoded. */
  private boolean spellsLeadingSpace() {
    byte[] spelled = vocabulary.spell(model.tokenize("a", false));
    return spelled.length > 1 && spelled[0] == ' ';
  }

  @Override
  public int[] encode(String text, boolean addBos, boolean parseSpecial) {
    Preconditions.checkArgument(text != null, "text must not be null");
    int[] ids = idsOf(text, parseSpecial);
    if (!addBos || !addsBos) {
      return ids;
    }
    int[] all = new int[ids.length + 1];
    all[0] = vocabulary.bos().getAsInt();
    System.arraycopy(ids, 0, all, 1, ids.length);
    return all;
  }

  /**
   * The library puts a blank before every text. Where the tokenizer that a file was converted from
   * leaves a blank that is there alone, one is taken off first.
   */
  private int[] idsOf(String text, boolean parseSpecial) {
    if (!keepsLeadingBlank || text.isEmpty() || BLANKS.indexOf(text.charAt(0)) < 0) {
      return model.tokenize(text, parseSpecial);
    }
    return text.length() == 1 ? blank.clone() : model.tokenize(text.substring(1), parseSpecial);
  }

  /** The one id of a single blank, which the library gives for no text. */
  private static int[] idOfBlank(Vocabulary vocabulary) {
    for (int id = 0; id < vocabulary.size(); id++) {
      if (vocabulary.kind(id) == Vocabulary.Kind.TEXT
          && Arrays.equals(vocabulary.bytes(id), new byte[] {' '})) {
        return new int[] {id};
      }
    }
    return new int[0];
  }

  @Override
  public long fewestIds(String text) {
    return Math.max(0, text.length() - 1) / longestEntry; // one blank may be taken off
  }

  @Override
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  public boolean addsLeadingSpace() {
    return addsLeadingSpace;
  }
}
