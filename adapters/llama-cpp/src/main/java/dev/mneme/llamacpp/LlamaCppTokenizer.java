package dev.mneme.llamacpp;

import com.google.common.base.Preconditions;
import dev.mneme.Tokenizer;
import dev.mneme.Vocabulary;
import dev.mneme.llamacpp.internal.LlamaModel;

/**
 * The tokenizer of a GGUF file. The beginning-of-sequence id is added here, where the file asks for
 * it.
 */
final class LlamaCppTokenizer implements Tokenizer {

  private final LlamaModel model;
  private final Vocabulary vocabulary;
  private final boolean sentencePiece;

  LlamaCppTokenizer(LlamaModel model, Vocabulary vocabulary) {
    this.model = model;
    this.vocabulary = vocabulary;
    this.sentencePiece = model.file().string("tokenizer.ggml.model").orElse("").equals("llama");
  }

  @Override
  public int[] encode(String text, boolean addBos, boolean parseSpecial) {
    Preconditions.checkArgument(text != null, "text must not be null");
    int[] ids = model.tokenize(text, parseSpecial);
    boolean wanted = model.file().bool("tokenizer.ggml.add_bos_token").orElse(sentencePiece);
    if (!addBos || !wanted || vocabulary.bos().isEmpty()) {
      return ids;
    }
    int[] all = new int[ids.length + 1];
    all[0] = vocabulary.bos().getAsInt();
    System.arraycopy(ids, 0, all, 1, ids.length);
    return all;
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
