package dev.mneme.store.files;

import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Recognises folders that people give as a model by mistake, by the names of their files alone. The
 * sentences end one that begins with the folder's path.
 */
public final class FolderKind {

  private static final String CONFIG = "config.json";

  /** Where a hub's cache keeps the folders of a model. */
  private static final String SNAPSHOTS = "snapshots";

  private static final Pattern ANY_SAFETENSORS = Pattern.compile(".*\\.safetensors");
  private static final Pattern GGUF = Pattern.compile(".*\\.gguf", Pattern.CASE_INSENSITIVE);
  private static final Pattern SHARD = Pattern.compile("model-\\d+-of-\\d+\\.safetensors");
  private static final Pattern ORIGINAL = Pattern.compile("consolidated\\..*");
  private static final Pattern OTHER_WEIGHTS =
      Pattern.compile(
          ".*\\.(onnx|h5|msgpack|tflite|mlmodel|distcp)|openvino_model\\.(xml|bin)|.*\\.mlpackage");
  private static final Pattern PICKLE =
      Pattern.compile(".*\\.(bin|pt|pth|ckpt|pkl|pickle)", Pattern.CASE_INSENSITIVE);

  /** More names are not listed. */
  private static final int MOST_NAMED = 5;

  private final Path folder;
  private final Set<String> names;

  private FolderKind(Path folder, Set<String> names) {
    this.folder = folder;
    this.names = names;
  }

  /**
   * What is known of a folder.
   *
   * @throws MnemeException if it cannot be listed
   */
  public static FolderKind of(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      return new FolderKind(
          folder,
          entries
              .map(entry -> String.valueOf(entry.getFileName()))
              .collect(Collectors.toCollection(TreeSet::new)));
    } catch (IOException e) {
      throw new MnemeException(
          "cannot list the folder %s: %s".formatted(folder, FailureText.of(e)), e);
    }
  }

  /**
   * As {@link #of}, for a path that should be a model folder.
   *
   * @throws MnemeException if it is no folder, or one that is recognised as something else; says
   *     what
   */
  public static FolderKind require(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new MnemeException("%s %s".formatted(folder, instead(folder)));
    }
    FolderKind kind = of(folder);
    Optional<String> other = kind.otherThanAModel();
    if (other.isPresent()) {
      throw new MnemeException("%s %s".formatted(folder, other.get()));
    }
    return kind;
  }

  /**
   * As {@link #require}, for a folder that must have a {@code config.json}.
   *
   * @throws MnemeException if it has none; says what it holds instead
   */
  public static void requireModel(Path folder) {
    FolderKind kind = require(folder);
    if (!kind.names.contains(CONFIG)) {
      throw new MnemeException(
          "%s %s"
              .formatted(
                  folder,
                  kind.withoutConfig()
                      .orElse(
                          "has no %s; give a folder in the layout that Hugging Face publishes"
                              .formatted(CONFIG))));
    }
  }

  /** What stands in place of a folder. */
  private static String instead(Path path) {
    return Files.isRegularFile(path)
        ? "is no folder: it " + FileKind.of(path).advice()
        : RegularFiles.problem(path).orElse("is no folder") + "; give a model folder";
  }

  /** Why it is no language model of its own, though it may have a model's files; empty if it is. */
  public Optional<String> otherThanAModel() {
    if (names.contains("adapter_config.json")) {
      return Optional.of(
          "holds an adapter (PEFT, LoRA), which changes the weights of a base model; merge the two"
              + " in Python with merge_and_unload(), save the result with save_pretrained(dir), and"
              + " give that folder");
    }
    if (names.contains("model_index.json")) {
      return Optional.of(
          "holds a diffusers pipeline, which makes images and the like, not a language model");
    }
    if (names.contains("modules.json")) {
      return Optional.of(
          "holds a sentence-transformers model (modules.json), which embeds texts and predicts no"
              + " tokens; give the language model it was made of");
    }
    if (names.contains("quantize_config.json") || names.contains("quant_config.json")) {
      return Optional.of(
          "holds quantised weights (GPTQ or AWQ); give the folder of the original weights, or a"
              + " GGUF file");
    }
    return Optional.empty();
  }

  /**
   * What to give instead of a folder that has no {@code config.json}; empty if it has one, or if
   * nothing is known.
   */
  public Optional<String> withoutConfig() {
    return names.contains(CONFIG)
        ? Optional.empty()
        : otherThanAModel().or(this::otherLayout).or(this::modelWithin);
  }

  /** What stands where {@code model.safetensors} is missing, if anything is known. */
  public Optional<String> withoutWeights() {
    return otherThanAModel()
        .or(this::otherLayout)
        .or(this::otherSafeTensors)
        .or(this::otherWeights);
  }

  private Optional<String> otherLayout() {
    List<String> ggufs = matching(GGUF);
    if (!ggufs.isEmpty() && matching(ANY_SAFETENSORS).isEmpty()) {
      return Optional.of(
          "is no Hugging Face folder but holds GGUF files; give one of them: " + list(ggufs));
    }
    if (names.contains("params.json") || !matching(ORIGINAL).isEmpty()) {
      return Optional.of(
          "holds a model in the layout of its makers (params.json, consolidated.*); give the"
              + " folder in the Hugging Face layout, with config.json and model.safetensors");
    }
    return Optional.empty();
  }

  private Optional<String> otherSafeTensors() {
    if (!matching(SHARD).isEmpty()) {
      return Optional.of(
          "holds parts of a model (%s) but not model.safetensors.index.json, which lists them; get that file too"
              .formatted(list(matching(SHARD))));
    }
    List<String> files = matching(ANY_SAFETENSORS);
    return files.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "holds no model.safetensors but %s; if that is the whole model, rename it to model.safetensors"
                .formatted(list(files)));
  }

  private Optional<String> otherWeights() {
    List<String> pickles = matching(PICKLE);
    if (!pickles.isEmpty()) {
      return Optional.of(
          "holds its weights as a pickle (%s), which can run any code when opened; load them in Python where they came from and save them as model.safetensors, with model.save_pretrained(dir, safe_serialization=True)"
              .formatted(list(pickles)));
    }
    List<String> others = matching(OTHER_WEIGHTS);
    return others.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "holds its weights in a form that no engine here reads (%s); get them as model.safetensors"
                .formatted(list(others)));
  }

  /** A folder in this one that has a configuration, as of training or in a hub's cache. */
  private Optional<String> modelWithin() {
    List<String> models =
        Stream.concat(
                names.stream().map(folder::resolve), children(folder.resolve(SNAPSHOTS)).stream())
            .filter(inner -> Files.isRegularFile(inner.resolve(CONFIG)))
            .map(Path::toString)
            .toList();
    return models.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "has no %s, but a folder in it has; give that one: %s".formatted(CONFIG, list(models)));
  }

  private static List<Path> children(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.sorted().toList();
    } catch (IOException e) {
      return List.of(); // a hint less
    }
  }

  private List<String> matching(Pattern pattern) {
    return names.stream().filter(name -> pattern.matcher(name).matches()).toList();
  }

  private static String list(List<String> found) {
    String some = String.join(", ", found.subList(0, Math.min(MOST_NAMED, found.size())));
    int more = found.size() - MOST_NAMED;
    return more > 0 ? "%s and %d more".formatted(some, more) : some;
  }
}
