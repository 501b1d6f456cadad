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
    this.layout = WeightLayout.of(config, tensors);
    layout.check(directory, tensors);
    this.tensors = new NetworkTensors(tensors, layout.stored());
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
      if (MlpModel.hasNamesOfAnMlp(tensors)) {
        throw new MnemeException(
            "%s holds an MLP Memory, which reads the activations of a host and is none itself; attach it to its host as a memory"
                .formatted(directory));
      }
      TokenizerJson tokenizer = TokenizerJson.read(directory, config);
      return new HuggingFaceModel(directory, config, tokenizer, tensors);
    } catch (RuntimeException e) {
      tensors.close();
      throw e;
    }
  }

  /**
   * The weights of a folder whose configuration was read already, checked as {@link #open} does;
   * the caller closes them.
   */
  public static TensorSource openWeights(Path directory, HuggingFaceConfig config) {
    TensorSource tensors = TensorSource.openDirectory(directory);
    try {
      WeightLayout layout = WeightLayout.of(config, tensors);
      layout.check(directory, tensors);
      return new NetworkTensors(tensors, layout.stored());
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

  /**
   * Whether the embedding is the output matrix too: where the configuration says so, unless the
   * files hold an output matrix that differs.
   */
  public boolean tied() {
    return layout.tied();
  }

  /**
   * The weights of the network by their full names, those of the model with an output matrix, also
   * where the files leave the base model's name out. Valid until this model is closed. What else
   * the files hold (tables that engines compute, heads for other tasks) is left out.
   */
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
