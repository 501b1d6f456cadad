package dev.mneme.store;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.Vocabulary;
import dev.mneme.store.PackKind.MemoryDecoder;
import dev.mneme.store.PackKind.MlpMemory;
import dev.mneme.store.PackManifest.Entry;
import dev.mneme.store.hf.HuggingFaceConfig;
import dev.mneme.store.hf.HuggingFaceModel;
import dev.mneme.store.hf.MlpModel;
import dev.mneme.store.hf.MlpShape;
import dev.mneme.store.hf.NetworkShape;
import dev.mneme.store.hf.TokenizerJson;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.TensorSource;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What is learnt of a model folder by opening it once as the kind it should be. */
record PackContent(NetworkShape network, Vocabulary vocabulary, WeightType storedType) {

  private static final String WEIGHTS = ".safetensors";

  /**
   * Opens and checks a folder.
   *
   * @throws MalformedFileException if a file breaks its format, or the files contradict each other
   * @throws MnemeException if the folder holds another kind, or something is missing or unsupported
   */
  static PackContent read(Path directory, PackKind kind) {
    requireKind(directory, kind);
    return switch (kind) {
      case MemoryDecoder() -> {
        try (HuggingFaceModel model = HuggingFaceModel.open(directory)) {
          yield new PackContent(
              model.config(), model.tokenizer().vocabulary(), storedType(model.tensors()));
        }
      }
      case MlpMemory(var reads) -> {
        try (MlpModel model = MlpModel.open(directory)) {
          if (model.shape().input() != reads.host().width()) {
            throw new MalformedFileException(
                "%s: the memory reads activations of %d floats, but its host's have %d; name the host it was trained on"
                    .formatted(directory, model.shape().input(), reads.host().width()));
          }
          yield new PackContent(
              model.shape(), model.tokenizer().vocabulary(), storedType(model.tensors()));
        }
      }
    };
  }

  /**
   * As {@link #read} of a folder whose files are verified, which is quick where the same content
   * was opened before: what was checked then is not checked again.
   *
   * @param manifest lists the files
   * @param digest of all the files
   */
  static PackContent read(
      Path directory, PackManifest manifest, String digest, VocabularyCache cache) {
    PackKind kind = manifest.kind();
    Optional<Vocabulary> known = cache.find(digest);
    if (known.isEmpty()) {
      PackContent content = read(directory, kind);
      List<Entry> small =
          manifest.files().stream().filter(file -> !file.name().endsWith(WEIGHTS)).toList();
      cache.put(digest, directory, small, copy -> vocabulary(copy, kind));
      return content;
    }
    NetworkShape network =
        switch (kind) {
          case MemoryDecoder() -> HuggingFaceConfig.read(directory);
          case MlpMemory(_) -> MlpModel.shape(directory);
        };
    try (TensorSource weights = weights(directory, network)) {
      return new PackContent(network, known.get(), storedType(weights));
    }
  }

  /** The vocabulary alone, of a folder that needs no weights for it. */
  private static Vocabulary vocabulary(Path directory, PackKind kind) {
    return switch (kind) {
      case MemoryDecoder() ->
          TokenizerJson.read(directory, HuggingFaceConfig.read(directory)).vocabulary();
      case MlpMemory(_) -> MlpModel.tokenizer(directory).vocabulary();
    };
  }

  /** The weights of a folder's network; the caller closes them. */
  static TensorSource weights(Path directory, NetworkShape network) {
    return switch (network) {
      case HuggingFaceConfig config -> HuggingFaceModel.openWeights(directory, config);
      case MlpShape _ -> TensorSource.openDirectory(directory);
    };
  }

  /** The type that loses nothing: F16 where all weights are stored so, or else F32. */
  static WeightType storedType(TensorSource tensors) {
    boolean half = tensors.tensors().values().stream().allMatch(t -> t.dtype() == Dtype.F16);
    return half ? WeightType.F16 : WeightType.F32;
  }

  /** Refuses a folder whose weights are of another kind. */
  static void requireKind(Path directory, PackKind kind) {
    boolean mlp = MlpModel.isMlp(directory);
    switch (kind) {
      case MemoryDecoder() when mlp ->
          throw new MnemeException(
              "%s holds an MLP Memory, which reads the activations of one host, and nothing here says which; import it together with the host"
                  .formatted(directory));
      case MlpMemory(_) when !mlp ->
          throw new MnemeException(
              "%s holds no tensors named as an MLP Memory's; a Memory Decoder is imported without a host"
                  .formatted(directory));
      default -> {}
    }
  }
}
