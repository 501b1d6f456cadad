package dev.mneme.store.hf;

import com.google.common.base.Preconditions;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.WeightType;
import dev.mneme.store.gguf.GgufType;
import dev.mneme.store.gguf.GgufWriter;
import dev.mneme.store.hf.Blocks.Order;
import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import dev.mneme.store.hf.WeightLayout.Arrangement;
import dev.mneme.store.hf.WeightLayout.NoBias;
import dev.mneme.store.hf.WeightLayout.Weight;
import dev.mneme.store.safetensors.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;

/**
 * Turns a Hugging Face folder into a GGUF file that llama.cpp runs, tensor by tensor with bounded
 * memory. The folder is checked whole before anything is written, and the file appears under its
 * name only when complete. The same folder gives the same bytes.
 *
 * <p>Matrices are stored in the wanted type, norms, biases and position embeddings as F32. A matrix
 * whose rows are no whole number of a type's blocks of 32 is stored as F16 instead. Key names and
 * tensor layouts are those of llama.cpp's converter.
 */
public final class GgufConverter {

  /** Counts changes of what conversion writes, so that caches do not keep old results. */
  public static final int VERSION = 3;

  private final HuggingFaceModel model;
  private final HuggingFaceConfig config;
  private final DecoderShape shape;
  private final WeightType type;
  private final GgufWriter writer = new GgufWriter();

  private GgufConverter(HuggingFaceModel model, WeightType type) {
    this.model = model;
    this.config = model.config();
    this.shape = config.shape();
    this.type = type;
  }

  /**
   * Writes a host: weights and tokenizer.
   *
   * @throws MalformedFileException if a file of the folder breaks its format or does not fit the
   *     others; names every tensor that is missing, misshapen or too many
   * @throws MnemeException if the model or its tokenizer is of an unsupported kind, or a file
   *     cannot be read or written
   */
  public static void convertHost(Path directory, Path gguf, WeightType type) {
    convert(directory, gguf, type, true);
  }

  /**
   * Writes a memory: weights only. It gets its ids from a host, so llama.cpp needs no tokenizer for
   * it. Otherwise as {@link #convertHost}.
   */
  public static void convertMemory(Path directory, Path gguf, WeightType type) {
    convert(directory, gguf, type, false);
  }

  private static void convert(Path directory, Path gguf, WeightType type, boolean withTokenizer) {
    try (HuggingFaceModel model = HuggingFaceModel.open(directory)) {
      var converter = new GgufConverter(model, type);
      converter.putShape();
      if (withTokenizer) {
        new GgufTokenizer(model.tokenizer()).put(converter.writer);
      } else {
        converter.writer.put("tokenizer.ggml.model", "none");
      }
      converter.addTensors();
      converter.writer.write(gguf);
    }
  }

  private void putShape() {
    GgufLimits.check(config, model.directory());
    String arch = config.architecture().gguf();
    writer.put("general.architecture", arch);
    writer.put("general.name", String.valueOf(model.directory().toAbsolutePath().getFileName()));
    writer.putUint32("general.file_type", fileType(type));
    writer.putUint32(arch + ".vocab_size", config.vocabulary());
    writer.putUint32(arch + ".context_length", contextLength());
    writer.putUint32(arch + ".embedding_length", config.hidden());
    writer.putUint32(arch + ".block_count", config.layers());
    writer.putUint32(arch + ".feed_forward_length", shape.feedForward().width());
    writer.putUint32(arch + ".attention.head_count", shape.attention().heads().queries());
    float epsilon = (float) shape.blocks().norm().epsilon();
    switch (config.architecture()) {
      case GPT2 -> writer.putFloat32(arch + ".attention.layer_norm_epsilon", epsilon);
      case GPT_NEOX -> {
        writer.putFloat32(arch + ".attention.layer_norm_epsilon", epsilon);
        writer.putBool(arch + ".use_parallel_residual", shape.blocks().order() == Order.PARALLEL);
        rotary().put(writer);
      }
      case LLAMA, MISTRAL, QWEN2, QWEN3 -> putGroupedAttention(arch);
      case GEMMA3 -> {
        putGroupedAttention(arch);
        Gemma3Gguf.put(config, model.directory(), writer);
      }
    }
  }

  /** Of the families here llama.cpp computes Gemma 3's windows alone. */
  private int contextLength() {
    return config.architecture() == Architecture.GEMMA3
        ? config.context()
        : config.contextWithoutWindow();
  }

  private void putGroupedAttention(String arch) {
    writer.putUint32(arch + ".attention.head_count_kv", shape.attention().heads().keyValues());
    writer.putUint32(arch + ".attention.key_length", shape.attention().heads().width());
    writer.putUint32(arch + ".attention.value_length", shape.attention().heads().width());
    writer.putFloat32(
        arch + ".attention.layer_norm_rms_epsilon", (float) shape.blocks().norm().epsilon());
    rotary().put(writer);
  }

  private RotaryGguf rotary() {
    return new RotaryGguf(config, model.directory());
  }

  /** The numbers of llama.cpp's {@code llama_ftype}. */
  static int fileType(WeightType type) {
    return switch (type) {
      case F32 -> 0;
      case F16 -> 1;
      case Q4_0 -> 2;
      case Q4_1 -> 3;
      case Q8_0 -> 7;
      case Q4_K -> 14;
    };
  }

  private void addTensors() {
    if (shape.rotary().isPresent()) {
      rotary().divisors().ifPresent(values -> addFloats(RotaryGguf.DIVISORS, values));
    }
    for (Weight weight : model.layout().weights()) {
      TensorInfo info = model.tensors().tensors().get(weight.source());
      Preconditions.checkState(info != null, "%s passed the check", weight.source());
      List<Long> dims =
          weight.arrangement() == Arrangement.TRANSPOSED
              ? weight.shape()
              : weight.shape().reversed();
      GgufType stored = storedType(weight, dims.getFirst());
      writer.addTensor(
          weight.target(),
          stored,
          dims,
          new RearrangedTensor(
              weight,
              info.dtype(),
              model.tensors().data(weight.source()),
              stored,
              shape.attention().heads().width()));
    }
    for (NoBias bias : model.layout().noBiases()) {
      addFloats(bias.target(), new float[Math.toIntExact(bias.length())]);
    }
  }

  private void addFloats(String name, float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    writer.addTensor(
        name,
        GgufType.F32,
        List.of((long) values.length),
        out -> {
          ByteBuffer left = bytes.duplicate();
          while (left.hasRemaining()) {
            out.write(left);
          }
        });
  }

  private GgufType storedType(Weight weight, long rowLength) {
    return weight.small() ? GgufType.F32 : type.forRow(rowLength);
  }
}
