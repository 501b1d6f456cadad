package dev.mneme.djl;

import com.google.common.base.Preconditions;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.NativeLibraryException;
import dev.mneme.Tokenizer;
import dev.mneme.Vocabulary;
import dev.mneme.djl.internal.NativeTokenizer;
import dev.mneme.store.hf.HuggingFaceConfig;
import dev.mneme.store.hf.TokenizerJson;
import java.nio.file.Path;

/**
 * The tokenizer of a Hugging Face folder, run by the Hugging Face tokenizers library. Texts get the
 * ids the model was trained on, also where llama.cpp's tokenizer differs: that one does not
 * normalise (Qwen2 asks for NFC), does not know the letters and digits of Unicode 16, puts a blank
 * before a text that begins with one and after every special token, where newer SentencePiece
 * folders ask for one only at the start, and among added tokens that overlap takes the longest of
 * the text, not the leftmost.
 *
 * <p>A lone surrogate is read as a question mark. Owns native memory, freed by closing; using it
 * afterwards throws {@link dev.mneme.ClosedException}.
 */
public final class FolderTokenizer implements Tokenizer, AutoCloseable {

  private final Vocabulary vocabulary;
  private final boolean beginsWithBos;
  private final boolean addsLeadingSpace;
  private final NativeTokenizer plain;
  private final NativeTokenizer parsing; // the same where no text is special

  private FolderTokenizer(
      TokenizerJson description, NativeTokenizer plain, NativeTokenizer parsing) {
    this.vocabulary = description.vocabulary();
    this.beginsWithBos = description.beginsWithBos();
    this.addsLeadingSpace = description.addsLeadingSpace();
    this.plain = plain;
    this.parsing = parsing;
  }

  /**
   * Opens the tokenizer of a model folder with {@code config.json} and {@code tokenizer.json}.
   *
   * @throws MalformedFileException if a file breaks its format or the two contradict each other
   * @throws MnemeException if one is missing, or of a kind that is not supported
   * @throws NativeLibraryException if the tokenizers library cannot be loaded
   */
  public static FolderTokenizer open(Path folder) {
    return of(TokenizerJson.read(folder, HuggingFaceConfig.read(folder)));
  }

  /** As {@link #open}, of a tokenizer that was read already. */
  public static FolderTokenizer of(TokenizerJson description) {
    TokenizerPipeline pipeline = new TokenizerPipeline(description);
    String name = description.json().origin();
    NativeTokenizer plain = NativeTokenizer.of(name, pipeline.json(false), pipeline.limits());
    try {
      // The library cannot be told to let special tokens be, so it is told of none.
      NativeTokenizer parsing =
          pipeline.hasSpecial()
              ? NativeTokenizer.of(name, pipeline.json(true), pipeline.limits())
              : plain;
      return new FolderTokenizer(description, plain, parsing);
    } catch (RuntimeException e) {
      plain.close();
      throw e;
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws MnemeException if the text holds a run of characters that is too long for its split
   *     pattern: two million of a kind for the published ones
   */
  @Override
  public int[] encode(String text, boolean addBos, boolean parseSpecial) {
    Preconditions.checkArgument(text != null, "text must not be null");
    int[] ids = (parseSpecial ? parsing : plain).encode(text);
    if (!addBos || !beginsWithBos) {
      return ids;
    }
    int[] all = new int[ids.length + 1];
    all[0] = vocabulary.bos().orElseThrow();
    System.arraycopy(ids, 0, all, 1, ids.length);
    return all;
  }

  @Override
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  public boolean addsLeadingSpace() {
    return addsLeadingSpace;
  }

  @Override
  public void close() {
    parsing.close();
    plain.close();
  }
}
