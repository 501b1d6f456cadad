package dev.mneme.llamacpp;

import dev.mneme.HostIdentity;
import dev.mneme.HostModel;
import dev.mneme.HostSession;
import dev.mneme.MnemeException;
import dev.mneme.Tap;
import dev.mneme.Tokenizer;
import dev.mneme.Vocabulary;
import dev.mneme.llamacpp.internal.LlamaModel;
import dev.mneme.store.HostNorms;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.gguf.GgufKind;
import dev.mneme.store.gguf.GgufVocabulary;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A GGUF file as a host. The file is opened read-only and never written to.
 *
 * <p>Close its sessions first; closing the host earlier throws {@link IllegalStateException}.
 */
public final class LlamaCppHost implements HostModel {

  private final LlamaModel model;
  private final Vocabulary vocabulary;
  private final Tokenizer tokenizer;
  private @Nullable HostIdentity identity; // guarded by this

  private LlamaCppHost(LlamaModel model, Vocabulary vocabulary) {
    this.model = model;
    this.vocabulary = vocabulary;
    this.tokenizer = new LlamaCppTokenizer(model, vocabulary);
  }

  /** Opens a GGUF file with {@link LlamaCppOptions#defaults()}. */
  public static LlamaCppHost open(Path file) {
    return open(file, LlamaCppOptions.defaults());
  }

  /**
   * Opens a GGUF file.
   *
   * @throws MnemeException if it is missing, or no language model; says what it is
   * @throws dev.mneme.MalformedFileException if it is damaged, no GGUF file, without a vocabulary,
   *     or of an architecture the library does not know
   * @throws dev.mneme.NativeLibraryException if llama.cpp itself cannot be loaded
   */
  public static LlamaCppHost open(Path file, LlamaCppOptions options) {
    GgufFile gguf = GgufFile.read(file);
    GgufKind.requireLanguageModel(gguf);
    GgufVocabulary.read(gguf); // its reason comes before the library's
    var model = new LlamaModel(file, options);
    try {
      return new LlamaCppHost(model, vocabulary(model));
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  /** The file's entries with the special ids that the library takes. */
  private static Vocabulary vocabulary(LlamaModel model) {
    OptionalInt bos = model.bos();
    boolean used =
        model.addsBos() || model.file().integer("tokenizer.ggml.bos_token_id").isPresent();
    return GgufVocabulary.read(
        model.file(), used ? bos : OptionalInt.empty(), model.addsBos(), model.ends());
  }

  @Override
  public String name() {
    return String.valueOf(model.file().path().getFileName());
  }

  @Override
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  @Override
  public int logitWidth() {
    return model.width();
  }

  @Override
  public int contextLength() {
    return model.contextLength();
  }

  @Override
  public int longestContext() {
    return model.trainedContext();
  }

  @Override
  public synchronized Optional<HostIdentity> identity() {
    if (identity == null) {
      model.requireUnchangedFile();
      HostIdentity read = HostNorms.ofGguf(model.file());
      model.requireUnchangedFile();
      identity = read;
    }
    return Optional.of(identity);
  }

  @Override
  public OptionalInt activationWidth(Tap tap) {
    return model.activationWidth(tap);
  }

  @Override
  public HostSession openSession(int threads, Set<Tap> taps) {
    return model.openSession(threads, taps);
  }

  /** The chat template the file carries, in its template language. */
  public Optional<String> chatTemplate() {
    return model.file().string("tokenizer.chat_template");
  }

  @Override
  public boolean isClosed() {
    return model.isClosed();
  }

  @Override
  public void close() {
    model.close();
  }
}
