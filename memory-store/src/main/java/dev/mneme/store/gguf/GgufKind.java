package dev.mneme.store.gguf;

import dev.mneme.MnemeException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Recognises GGUF files that hold something else than a language model. */
public final class GgufKind {

  private static final String TYPE = "general.type";
  private static final String ARCHITECTURE = "general.architecture";

  /** Meanings of {@code general.type}. */
  private static final Map<String, String> TYPES =
      Map.of(
          "adapter",
          "a LoRA adapter, which changes the weights of a model; merge the two with llama.cpp's"
              + " llama-export-lora and give the result",
          "mmproj",
          "a vision projector, which serves a language model as its eye; give that model's own"
              + " file",
          "imatrix",
          "an importance matrix, which quantising tools read; give the model's file",
          "vocab",
          "a tokenizer alone; give the model's file");

  /** What networks read and make that are no language models. */
  private static final Map<String, String> ARCHITECTURES =
      Map.of(
          "clip", "mmproj",
          "controlvector", "controlvector",
          "imatrix", "imatrix");

  private static final Set<String> EMBEDDERS =
      Set.of(
          "bert",
          "modern-bert",
          "neo-bert",
          "eurobert",
          "nomic-bert",
          "nomic-bert-moe",
          "jina-bert-v2",
          "jina-bert-v3",
          "gemma-embedding",
          "t5encoder");

  private static final Set<String> MAKERS_OF_IMAGES =
      Set.of(
          "flux",
          "sd1",
          "sdxl",
          "sd3",
          "aura",
          "ltxv",
          "hyvid",
          "wan",
          "hidream",
          "cosmos",
          "pig",
          "lumina2",
          "qwen_image",
          "z_image",
          "stable-diffusion");

  private GgufKind() {}

  /**
   * Refuses a file that is recognised as something else.
   *
   * @throws MnemeException saying what it is and what to give instead
   */
  public static void requireLanguageModel(GgufFile file) {
    Optional<String> other = other(file);
    if (other.isPresent()) {
      throw new MnemeException(
          "%s is no language model but holds %s".formatted(file.path(), other.get()));
    }
  }

  private static Optional<String> other(GgufFile file) {
    String architecture = text(file, ARCHITECTURE);
    String type = ARCHITECTURES.getOrDefault(architecture, text(file, TYPE));
    if (type.equals("controlvector")) {
      return Optional.of("a control vector, which steers a model; give the model's file");
    }
    if (EMBEDDERS.contains(architecture)) {
      return Optional.of(
          "a network that embeds texts (%s) and predicts no tokens; give a language model"
              .formatted(architecture));
    }
    if (MAKERS_OF_IMAGES.contains(architecture)) {
      return Optional.of(
          "a network that makes images (%s); give a language model".formatted(architecture));
    }
    String known = TYPES.get(type);
    if (known == null && file.tensors().isEmpty()) {
      known = TYPES.get(file.metadata().containsKey("tokenizer.ggml.tokens") ? "vocab" : type);
    }
    return Optional.ofNullable(known);
  }

  /** A string, or an empty one where there is none; the guard complains about other types. */
  private static String text(GgufFile file, String key) {
    return file.metadata().get(key) instanceof GgufValue.Text text ? text.toString() : "";
  }
}
