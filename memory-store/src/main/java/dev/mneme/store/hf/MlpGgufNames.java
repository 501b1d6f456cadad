package dev.mneme.store.hf;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the GGUF form of an MLP Memory calls its keys and tensors. It is a form of this project's
 * own; llama.cpp's loader does not know the architecture.
 *
 * <p>Every matrix has as many rows as outputs and as long rows as inputs, in either style, so a
 * block is {@code x + down(act(up(norm(x))))}, for {@link MlpShape.Style#MISTRAL} with {@code
 * silu(gate(n)) * up(n)} for {@code act(up(n))}. Norms and biases are F32.
 */
public final class MlpGgufNames {

  /** The value of {@code general.architecture}, and what the other keys begin with. */
  public static final String ARCHITECTURE = "mneme-mlp";

  /** A string: {@code mistral} or {@code gpt2}, the {@link MlpShape.Style#modelType}. */
  public static final String STYLE = ARCHITECTURE + ".style";

  /** A uint32: {@link MlpShape#input}. */
  public static final String INPUT_LENGTH = ARCHITECTURE + ".input_length";

  /** A uint32: {@link MlpShape#hidden}. */
  public static final String EMBEDDING_LENGTH = ARCHITECTURE + ".embedding_length";

  /** A uint32: {@link MlpShape#feedForward}. */
  public static final String FEED_FORWARD_LENGTH = ARCHITECTURE + ".feed_forward_length";

  /** A uint32: {@link MlpShape#layers}. */
  public static final String BLOCK_COUNT = ARCHITECTURE + ".block_count";

  /** A uint32: {@link MlpShape#vocabulary}. */
  public static final String VOCABULARY_SIZE = ARCHITECTURE + ".vocab_size";

  /** A float32: {@link MlpShape#normEpsilon}. */
  public static final String NORM_EPSILON = ARCHITECTURE + ".norm_epsilon";

  /** A boolean: {@link MlpShape#transform}, whether the tensors of that name are there. */
  public static final String TRANSFORM = ARCHITECTURE + ".transform";

  /** {@code transform.weight} and {@code transform.bias}, before the blocks. */
  public static final String TRANSFORM_TENSOR = "transform";

  /** {@code blk.N.norm.weight}, in GPT-2's style also {@code .bias}. */
  public static final String NORM = "norm";

  /** {@code blk.N.gate.weight}, in Mistral's style. */
  public static final String GATE = "gate";

  /** {@code blk.N.up.weight}, in GPT-2's style also {@code .bias}. */
  public static final String UP = "up";

  /** {@code blk.N.down.weight}, in GPT-2's style also {@code .bias}. */
  public static final String DOWN = "down";

  /** {@code output_norm.weight}, in GPT-2's style also {@code .bias}. */
  public static final String OUTPUT_NORM = "output_norm";

  /** {@code output.weight}. */
  public static final String OUTPUT = "output";

  private static final Pattern PUBLISHED =
      Pattern.compile("(?:(?:layers|h)\\.(?<block>\\d+)\\.)?(?<part>.+)\\.(?<kind>weight|bias)");

  private static final Map<String, String> PARTS =
      Map.ofEntries(
          Map.entry("embedding_transform", TRANSFORM_TENSOR),
          Map.entry("input_layernorm", NORM),
          Map.entry("ln_1", NORM),
          Map.entry("mlp.gate_proj", GATE),
          Map.entry("mlp.up_proj", UP),
          Map.entry("mlp.c_fc", UP),
          Map.entry("mlp.down_proj", DOWN),
          Map.entry("mlp.c_proj", DOWN),
          Map.entry("norm", OUTPUT_NORM),
          Map.entry("ln_f", OUTPUT_NORM),
          Map.entry("lm_head", OUTPUT));

  private MlpGgufNames() {}

  /** What a part of a block is called: {@code blk.3.up}, to be followed by weight or bias. */
  public static String ofBlock(int block, String part) {
    return "blk." + block + "." + part;
  }

  /** The name here of a published tensor. */
  public static String nameOf(MlpShape.Tensor tensor) {
    return ofPublished(tensor.name());
  }

  /** Its lengths here, in ggml's order: the inputs of a matrix, which are its row, then outputs. */
  public static List<Long> dimsOf(MlpShape.Tensor tensor) {
    return isTransposed(tensor) ? tensor.shape() : tensor.shape().reversed();
  }

  /**
   * Whether the published matrix is GPT-2's Conv1D, stored [in, out]; transform and head are not.
   */
  static boolean isTransposed(MlpShape.Tensor tensor) {
    return tensor.isMatrix() && tensor.name().startsWith("h.");
  }

  /** The name here of a tensor by its published name. */
  static String ofPublished(String name) {
    Matcher matcher = PUBLISHED.matcher(name);
    String part = matcher.matches() ? PARTS.get(matcher.group("part")) : null;
    if (part == null) {
      throw new IllegalArgumentException("an MLP Memory has no tensor " + name);
    }
    String block = matcher.group("block");
    return (block == null ? part : ofBlock(Integer.parseInt(block), part))
        + "."
        + matcher.group("kind");
  }
}
