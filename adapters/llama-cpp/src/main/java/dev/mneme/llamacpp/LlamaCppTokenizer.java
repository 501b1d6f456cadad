package dev.mneme.llamacpp;

import com.google.common.base.Preconditions;
import dev.mneme.Tokenizer;
import dev.mneme.Vocabulary;
import dev.mneme.llamacpp.internal.LlamaModel;
import dev.mneme.store.gguf.GgufVocabulary;
import java.util.Arrays;

/**
 * The tokenizer of a GGUF file. The beginning-of-sequence id is added here, where the file asks for
 * it.
 */
final class LlamaCppTokenizer implements Tokenizer {

  /** A blank, and the sign that SentencePiece writes for it. */
  private static final String BLANKS = " \u2581";

  private final LlamaModel model;
  private final Vocabulary vocabulary;
  private final boolean sentencePiece;
  private final boolean keepsLeadingBlank;
  private final int[] blank;

  LlamaCppTokenizer(LlamaModel model, Vocabulary vocabulary) {
    this.model = model;
    this.vocabulary = vocabulary;
    this.sentencePiece = model.file().string("tokenizer.ggml.model").orElse("").equals("llama");
    this.keepsLeadingBlank = model.file().bool(GgufVocabulary.KEEPS_LEADING_BLANK).orElse(false);
    this.blank = keepsLeadingBlank ? idOfBlank(vocabulary) : new int[0];
  }

  @Override
  public int[] encode(String text, boolean addBos, boolean parseSpecial) {
    Preconditions.checkArgument(text != null, "text must not be null");
    int[] ids = idsOf(text, parseSpecial);
    boolean wanted = model.file().bool("tokenizer.ggml.add_bos_token").orElse(sentencePiece);
    if (!addBos || !wanted || vocabulary.bos().isEmpty()) {
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
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  public boolean addsLeadingSpace() {
    return model.file().bool("tokenizer.ggml.add_space_prefix").orElse(sentencePiece);
  }
}
