package dev.mneme.store.hf;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.safetensors.TensorSource;
import java.nio.file.Path;
import java.util.List;
import java.util.SequencedMap;

/**
 * A model folder opened and checked: configuration, tokenizer and weights fit each other, and every
 * tensor is there in its shape. Whoever opens it closes it; it owns the mapped weight files.
 */
public final class HuggingFaceModel implements AutoCloseable {
  private final Path directory;
  private final HuggingFaceConfig config;
  private final TokenizerJson tokenizer;
  private final TensorSource tensors;
  private final WeightLayout layout;

  private HuggingFaceModel(
      Path directory, HuggingFaceConfig config, TokenizerJson tokenizer, TensorSource tensors) {
    this.directory = directory;
    this.config = config;
    this.tokenizer = tokenizer;
    this.tensors = tensors;
    this.layout = WeightLayout.of(config, tensors.tensors().keySet());
    layout.check(directory, tensors);
  }

  /**
   * Opens a folder with {@code config.json}, SafeTensors weights and {@code tokenizer.json}. The
   * values of the weights are not looked at.
   *
   * @throws MalformedFileException if a file breaks its format or the files contradict each other
   * @throws MnemeException if one is missing, unreadable or of an unsupported kind
   */
  public static HuggingFaceModel open(Path directory) {
    HuggingFaceConfig config = HuggingFaceConfig.read(directory);
    TensorSource tensors = TensorSource.openDirectory(directory);
    try {
      TokenizerJson tokenizer = TokenizerJson.read(directory, config);
      return new HuggingFaceModel(directory, config, tokenizer, tensors);
    } catch (RuntimeException e) {
      tensors.close();
      throw e;
    }
  }

  public Path directory() {
    return directory;
  }

  public HuggingFaceConfig config() {
    return config;
  }

  public TokenizerJson tokenizer() {
    return tokenizer;
  }

  /** The weights, valid until this model is closed. */
  public TensorSource tensors() {
    return tensors;
  }

  /**
   * The names of the tensors of all normalisations: block after block attention norm, then
   * feed-forward norm, at the end the output norm; of each first the weight, then the bias if the
   * family has one.
   */
  public List<String> norms() {
    return layout.norms();
  }

  /**
   * The names of all tensors by their part in the network, in the order in which data walks through
   * it. Parts have the names that GGUF gives them, the same for all families: {@code
   * token_embd.weight}, {@code blk.0.attn_norm.weight} to {@code blk.0.ffn_down.bias}, {@code
   * output.weight}. A Llama or Qwen2 whose embedding is its output matrix has no {@code
   * output.weight}, a GPT-2 has.
   */
  public SequencedMap<String, String> tensorsByPart() {
    return layout.sources();
  }

  WeightLayout layout() {
    return layout;
  }

  @Override
  public void close() {
    tensors.close();
  }
}
