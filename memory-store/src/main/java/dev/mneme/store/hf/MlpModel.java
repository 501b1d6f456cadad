package dev.mneme.store.hf;

import com.google.common.base.Preconditions;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.files.FolderKind;
import dev.mneme.store.files.RegularFiles;
import dev.mneme.store.json.JsonValue;
import dev.mneme.store.safetensors.FloatReader;
import dev.mneme.store.safetensors.TensorInfo;
import dev.mneme.store.safetensors.TensorSource;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The folder of an MLP Memory opened and checked, as {@link HuggingFaceModel} is for a decoder.
 * Whoever opens it closes it; it owns the mapped weight files.
 */
public final class MlpModel implements AutoCloseable {

  /** What the published code keeps beside a memory it saves together with its host. */
  private static final String JOINT_CONFIG = "mlp_memory_config.json";

  private static final Pattern FEED_FORWARD = Pattern.compile("(layers|h)\\.\\d+\\.mlp\\..+");

  /** What only a network that reads token ids has. */
  private static final Pattern DECODER =
      Pattern.compile("(.*\\.)?(attn|self_attn|attention|wte|wpe|embed_tokens|embed_in)\\..+");

  /** Numbers looked at in one go. */
  private static final int CHUNK = 1 << 16;

  private final Path directory;
  private final MlpShape shape;
  private final TokenizerJson tokenizer;
  private final TensorSource tensors;

  private MlpModel(Path directory, MlpShape shape, TokenizerJson tokenizer, TensorSource tensors) {
    this.directory = directory;
    this.shape = shape;
    this.tokenizer = tokenizer;
    this.tensors = tensors;
  }

  /**
   * Whether a folder's weights are an MLP Memory's, told by the names of its tensors: feed-forward
   * networks and neither attention nor token embedding.
   *
   * @throws MalformedFileException if a weight file breaks its format
   * @throws MnemeException if there are no weights; pickled ones are never opened
   */
  public static boolean isMlp(Path directory) {
    FolderKind.requireModel(directory);
    try (TensorSource tensors = TensorSource.openDirectory(directory)) {
      return hasNamesOfAnMlp(tensors);
    }
  }

  static boolean hasNamesOfAnMlp(TensorSource tensors) {
    Set<String> names = tensors.tensors().keySet();
    return names.stream().anyMatch(name -> FEED_FORWARD.matcher(name).matches())
        && names.stream().noneMatch(name -> DECODER.matcher(name).matches());
  }

  /**
   * Opens a folder with {@code config.json}, SafeTensors weights and the host's {@code
   * tokenizer.json}. The values of the weights are not looked at before they are read.
   *
   * @throws MalformedFileException if a file breaks its format or the files contradict each other;
   *     names every tensor that is missing, misshapen, unreadable or too many
   * @throws MnemeException if one is missing, unreadable or of an unsupported kind
   */
  public static MlpModel open(Path directory) {
    MlpConfig config = MlpConfig.read(directory);
    TensorSource tensors = TensorSource.openDirectory(directory);
    try {
      MlpShape shape = config.shape(tensors);
      check(directory, shape, tensors);
      return new MlpModel(directory, shape, tokenizer(directory, config), tensors);
    } catch (RuntimeException e) {
      tensors.close();
      throw e;
    }
  }

  /** The shape of a folder's memory, of which nothing else is read; as {@link #open}. */
  public static MlpShape shape(Path directory) {
    try (TensorSource tensors = TensorSource.openDirectory(directory)) {
      return MlpConfig.read(directory).shape(tensors);
    }
  }

  private static void check(Path directory, MlpShape shape, TensorSource tensors) {
    tensors.tensors().keySet().stream()
        .filter(name -> DECODER.matcher(name).matches())
        .min(Comparator.naturalOrder())
        .ifPresent(
            name -> {
              throw new MalformedFileException(
                  "%s: \"%s\" is no tensor of an MLP Memory, but of a model that reads token ids"
                      .formatted(directory, name));
            });
    var expected = new LinkedHashMap<String, List<Long>>();
    shape.tensors().forEach(tensor -> expected.put(tensor.name(), tensor.shape()));
    TensorCheck.require(
        directory, expected, tensors, "an MLP Memory in the style of " + shape.style().modelType());
  }

  /**
   * The tokenizer alone, of a folder that need not hold weights.
   *
   * @throws MalformedFileException if a file breaks its format
   * @throws MnemeException if there is none
   */
  public static TokenizerJson tokenizer(Path directory) {
    return tokenizer(directory, MlpConfig.read(directory));
  }

  private static TokenizerJson tokenizer(Path directory, MlpConfig config) {
    if (!RegularFiles.exists(directory.resolve(TokenizerJson.FILE))) {
      throw new MnemeException(
          "%s has no %s; an MLP Memory speaks its host's ids: copy the host's %2$s into the folder"
              .formatted(directory, TokenizerJson.FILE));
    }
    return TokenizerJson.read(directory, config.vocabulary(), config.bos(), config.eos());
  }

  /**
   * Which block's feed-forward input the memory reads, where the folder has the {@code
   * mlp_memory_config.json} of the published code: counted from the first, or negative from the
   * end.
   *
   * @throws MalformedFileException if that file is no such configuration
   */
  public static OptionalInt layerPosition(Path directory) {
    Path file = directory.resolve(JOINT_CONFIG);
    if (!RegularFiles.exists(file)) {
      return OptionalInt.empty();
    }
    return JsonValue.read(file)
        .find("layer_position")
        .map(value -> OptionalInt.of((int) value.integer(Integer.MIN_VALUE, Integer.MAX_VALUE)))
        .orElseGet(OptionalInt::empty);
  }

  public Path directory() {
    return directory;
  }

  public MlpShape shape() {
    return shape;
  }

  /** The host's tokenizer. */
  public TokenizerJson tokenizer() {
    return tokenizer;
  }

  /** The weights, valid until this model is closed. */
  public TensorSource tensors() {
    return tensors;
  }

  /**
   * All numbers of a tensor, as stored: the last dimension runs fastest.
   *
   * @throws IllegalArgumentException if the memory has no such tensor, or it is too large for an
   *     array
   * @throws MalformedFileException if a number is not finite
   */
  public float[] read(String tensor) {
    TensorInfo info = info(tensor);
    Preconditions.checkArgument(
        info.elements() <= Integer.MAX_VALUE - 8, "%s is too large for an array", info);
    var values = new float[(int) info.elements()];
    FloatReader.read(info.dtype(), tensors.data(tensor), 0, values, values.length);
    requireFinite(tensor, values, values.length, 0);
    return values;
  }

  /**
   * Looks at all numbers of a tensor.
   *
   * @throws MalformedFileException naming the first that is not finite as a 32-bit float
   */
  void requireFinite(String tensor) {
    TensorInfo info = info(tensor);
    MemorySegment data = tensors.data(tensor);
    var chunk = new float[(int) Math.min(CHUNK, info.elements())];
    for (long first = 0; first < info.elements(); first += CHUNK) {
      int count = (int) Math.min(CHUNK, info.elements() - first);
      FloatReader.read(info.dtype(), data, first, chunk, count);
      requireFinite(tensor, chunk, count, first);
    }
  }

  private void requireFinite(String tensor, float[] values, int count, long first) {
    for (int i = 0; i < count; i++) {
      if (!Float.isFinite(values[i])) {
        throw new MalformedFileException(
            "%s: tensor \"%s\": element %d is %s, expected a finite number; the memory's training went astray or the file was damaged: get it again"
                .formatted(directory, tensor, first + i, values[i]));
      }
    }
  }

  private TensorInfo info(String tensor) {
    TensorInfo info = tensors.tensors().get(tensor);
    Preconditions.checkArgument(info != null, "%s has no tensor %s", directory, tensor);
    return info;
  }

  @Override
  public void close() {
    tensors.close();
  }
}
