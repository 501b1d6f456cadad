package dev.mneme.djl;

import dev.mneme.HostIdentity;
import dev.mneme.HostModel;
import dev.mneme.HostSession;
import dev.mneme.MnemeException;
import dev.mneme.Sampling;
import dev.mneme.Tap;
import dev.mneme.Tokenizer;
import dev.mneme.Vocabulary;
import dev.mneme.store.HostNorms;
import dev.mneme.store.hf.GenerationSettings;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A Hugging Face folder ({@code config.json}, {@code model.safetensors} or shards, {@code
 * tokenizer.json}) as a host on PyTorch. Its files are opened read-only and never written to; they
 * must not change while the host is open.
 *
 * <p>Close its sessions first; closing the host earlier throws {@link IllegalStateException}.
 */
public final class TorchHost implements HostModel {

  private final TorchDecoder decoder;
  private final FolderTokenizer tokenizer;
  private @Nullable HostIdentity identity; // guarded by this

  private TorchHost(TorchDecoder decoder, FolderTokenizer tokenizer) {
    this.decoder = decoder;
    this.tokenizer = tokenizer;
  }

  /** Opens a folder with {@link TorchOptions#defaults()}. */
  public static TorchHost open(Path directory) {
    return open(directory, TorchOptions.defaults());
  }

  /**
   * Opens a folder.
   *
   * @throws MnemeException if a file is missing, or the model or its tokenizer is of a kind that is
   *     not supported; names those that are
   * @throws dev.mneme.MalformedFileException if a file breaks its format, the files contradict each
   *     other, or a weight is not finite; names every tensor that is missing, misshapen or too many
   * @throws dev.mneme.NativeLibraryException if PyTorch or the tokenizers library cannot be loaded
   */
  public static TorchHost open(Path directory, TorchOptions options) {
    TorchDecoder decoder = TorchDecoder.open(directory, options);
    try {
      return new TorchHost(decoder, FolderTokenizer.of(decoder.model().tokenizer()));
    } catch (RuntimeException e) {
      decoder.close();
      throw e;
    }
  }

  @Override
  public String name() {
    return String.valueOf(decoder.directory().toAbsolutePath().getFileName());
  }

  @Override
  public Vocabulary vocabulary() {
    return tokenizer.vocabulary();
  }

  @Override
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  @Override
  public int logitWidth() {
    return decoder.width();
  }

  @Override
  public int contextLength() {
    return decoder.contextLength();
  }

  @Override
  public synchronized Optional<HostIdentity> identity() {
    if (identity == null) {
      identity = HostNorms.ofHuggingFace(decoder.directory());
    }
    return Optional.of(identity);
  }

  @Override
  public OptionalInt activationWidth(Tap tap) {
    return tap.isIn(decoder.blocks()) ? OptionalInt.of(decoder.hidden()) : OptionalInt.empty();
  }

  @Override
  public HostSession openSession(int threads, Set<Tap> taps) {
    return decoder.openSession(threads, taps);
  }

  /** The chat template the folder carries, in Jinja's language. */
  public Optional<String> chatTemplate() {
    return decoder.model().tokenizer().chatTemplate();
  }

  /**
   * How the folder's {@code generation_config.json} says to draw tokens; greedily where it says
   * nothing.
   *
   * @throws dev.mneme.MalformedFileException if a setting is out of its range
   */
  public Sampling recommendedSampling() {
    return GenerationSettings.read(decoder.directory());
  }

  @Override
  public boolean isClosed() {
    return decoder.isClosed();
  }

  @Override
  public void close() {
    decoder.close();
    tokenizer.close();
  }
}
