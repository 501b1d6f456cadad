package dev.mneme.store.hf;

import dev.mneme.MalformedFileException;
import dev.mneme.store.WeightType;
import dev.mneme.store.gguf.GgufType;
import dev.mneme.store.gguf.GgufWriter;
import dev.mneme.store.gguf.RowEncoder;
import dev.mneme.store.gguf.TensorData;
import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import dev.mneme.store.hf.HuggingFaceConfig.RopeScaling;
import dev.mneme.store.safetensors.FloatReader;
import dev.mneme.store.safetensors.TensorInfo;
import dev.mneme.store.safetensors.TensorSource;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * Makes a GGUF file of a Hugging Face directory, tensor by tensor, so that no more than one row
 * need be in memory.
 */
public final class GgufConverter {

  private final HuggingFaceConfig config;
  private final TensorSource weights;
  private final String prefix;
  private final WeightType type;
  private final GgufWriter gguf = new GgufWriter();

  private GgufConverter(HuggingFaceConfig config, TensorSource weights, WeightType type) {
    this.config = config;
    this.weights = weights;
    this.prefix = ModelTensors.prefix(config, weights);
    this.type = type;
  }

  /**
   * Converts a model with its tokenizer: a host.
   *
   * @throws MalformedFileException naming every tensor that is missing, too many or misshapen
   */
  public static void convertHost(Path directory, Path out, WeightType type) {
    HuggingFaceConfig config = HuggingFaceConfig.read(directory);
    TokenizerJson tokenizer = TokenizerJson.read(directory, config);
    try (TensorSource weights = TensorSource.openDirectory(directory)) {
      var converter = new GgufConverter(config, weights, type);
      converter.describe(directory);
      tokenizer.describeTo(converter.gguf);
      converter.convert(directory, out);
    }
  }

  /** Converts a model without a tokenizer: a memory, which reads the host's ids. */
  public static void convertMemory(Path directory, Path out, WeightType type) {
    HuggingFaceConfig config = HuggingFaceConfig.read(directory);
    try (TensorSource weights = TensorSource.openDirectory(directory)) {
      var converter = new GgufConverter(config, weights, type);
      converter.describe(directory);
      converter.gguf.put("tokenizer.ggml.model", "none");
      converter.convert(directory, out);
    }
  }

  private void convert(Path directory, Path out) {
    ModelTensors.check(directory, config, weights);
    if (config.architecture() == Architecture.GPT2) {
      addGpt2();
    } else {
      addLlama();
    }
    gguf.write(out);
  }

  private void describe(Path directory) {
    String arch = config.architecture().gguf();
    Path name = directory.toAbsolutePath().normalize().getFileName();
    gguf.put("general.architecture", arch)
        .put("general.name", name == null ? "model" : name.toString())
        .putUint32(arch + ".context_length", config.context())
        .putUint32(arch + ".embedding_length", config.hidden())
        .putUint32(arch + ".block_count", config.layers())
        .putUint32(arch + ".feed_forward_length", config.ffn())
        .putUint32(arch + ".attention.head_count", config.heads())
        .putUint32(arch + ".vocab_size", config.vocabulary());
    if (config.architecture() == Architecture.GPT2) {
      gguf.putFloat32(arch + ".attention.layer_norm_epsilon", config.normEpsilon());
      return;
    }
    gguf.putUint32(arch + ".attention.head_count_kv", config.kvHeads())
        .putUint32(arch + ".attention.key_length", config.headDim())
        .putUint32(arch + ".attention.value_length", config.headDim())
        .putUint32(arch + ".rope.dimension_count", config.headDim())
        .putFloat32(arch + ".attention.layer_norm_rms_epsilon", config.normEpsilon())
        .putFloat32(arch + ".rope.freq_base", config.ropeTheta());
    if (config.ropeScaling() instanceof RopeScaling.Linear(float factor)) {
      gguf.put(arch + ".rope.scaling.type", "linear")
          .putFloat32(arch + ".rope.scaling.factor", factor);
    }
  }

  private void addLlama() {
    addMatrix("token_embd.weight", prefix + "embed_tokens.weight");
    addVector("output_norm.weight", prefix + "norm.weight");
    if (!config.tied()) {
      addMatrix("output.weight", "lm_head.weight");
    }
    if (config.ropeScaling() instanceof RopeScaling.Llama3 scaling) {
      addFloats("rope_freqs.weight", llama3Factors(scaling));
    }
    boolean biased = config.architecture() == Architecture.QWEN2;
    for (int i = 0; i < config.layers(); i++) {
      String to = "blk." + i + ".";
      String from = prefix + "layers." + i + ".";
      addVector(to + "attn_norm.weight", from + "input_layernorm.weight");
      addRotated(to + "attn_q.weight", from + "self_attn.q_proj.weight");
      addRotated(to + "attn_k.weight", from + "self_attn.k_proj.weight");
      addMatrix(to + "attn_v.weight", from + "self_attn.v_proj.weight");
      if (biased) {
        addVector(to + "attn_q.bias", from + "self_attn.q_proj.bias");
        addVector(to + "attn_k.bias", from + "self_attn.k_proj.bias");
        addVector(to + "attn_v.bias", from + "self_attn.v_proj.bias");
      }
      addMatrix(to + "attn_output.weight", from + "self_attn.o_proj.weight");
      addVector(to + "ffn_norm.weight", from + "post_attention_layernorm.weight");
      addMatrix(to + "ffn_gate.weight", from + "mlp.gate_proj.weight");
      addMatrix(to + "ffn_up.weight", from + "mlp.up_proj.weight");
      addMatrix(to + "ffn_down.weight", from + "mlp.down_proj.weight");
    }
  }

  private void addGpt2() {
    addMatrix("token_embd.weight", prefix + "wte.weight");
    addFloatMatrix("position_embd.weight", prefix + "wpe.weight");
    addVector("output_norm.weight", prefix + "ln_f.weight");
    addVector("output_norm.bias", prefix + "ln_f.bias");
    // A tied head is written out: not every release falls back to the embedding for this family.
    addMatrix("output.weight", config.tied() ? prefix + "wte.weight" : "lm_head.weight");
    for (int i = 0; i < config.layers(); i++) {
      String to = "blk." + i + ".";
      String from = prefix + "h." + i + ".";
      addVector(to + "attn_norm.weight", from + "ln_1.weight");
      addVector(to + "attn_norm.bias", from + "ln_1.bias");
      addTransposed(to + "attn_qkv.weight", from + "attn.c_attn.weight");
      addVector(to + "attn_qkv.bias", from + "attn.c_attn.bias");
      addTransposed(to + "attn_output.weight", from + "attn.c_proj.weight");
      addVector(to + "attn_output.bias", from + "attn.c_proj.bias");
      addVector(to + "ffn_norm.weight", from + "ln_2.weight");
      addVector(to + "ffn_norm.bias", from + "ln_2.bias");
      addTransposed(to + "ffn_up.weight", from + "mlp.c_fc.weight");
      addVector(to + "ffn_up.bias", from + "mlp.c_fc.bias");
      addTransposed(to + "ffn_down.weight", from + "mlp.c_proj.weight");
      addVector(to + "ffn_down.bias", from + "mlp.c_proj.bias");
    }
  }

  /**
   * Divisors of the rotary frequencies, by Llama 3.1's rule: wavelengths beyond {@code context /
   * lowFrequency} take the whole factor, those below {@code context / highFrequency} none.
   */
  private float[] llama3Factors(RopeScaling.Llama3 scaling) {
    float[] factors = new float[config.headDim() / 2];
    for (int i = 0; i < factors.length; i++) {
      double frequency = Math.pow(config.ropeTheta(), -2.0 * i / config.headDim());
      double wavelengths = scaling.originalContext() * frequency / (2 * Math.PI);
      double smooth =
          (wavelengths - scaling.lowFrequency())
              / (scaling.highFrequency() - scaling.lowFrequency());
      double kept = Math.clamp(smooth, 0.0, 1.0);
      factors[i] = (float) (1 / ((1 - kept) / scaling.factor() + kept));
    }
    return factors;
  }

  private void addFloats(String to, float[] values) {
    gguf.addTensor(
        to,
        GgufType.F32,
        List.of((long) values.length),
        out -> {
          ByteBuffer bytes = buffer((long) values.length * Float.BYTES);
          RowEncoder.encode(GgufType.F32, values, values.length, bytes);
          GgufWriter.writeFully(out, bytes.flip());
        });
  }

  private void addVector(String to, String from) {
    TensorInfo tensor = tensor(from);
    int length = Math.toIntExact(tensor.elements());
    gguf.addTensor(
        to,
        GgufType.F32,
        List.of((long) length),
        rows(tensor, GgufType.F32, 1, length, row -> row));
  }

  private void addMatrix(String to, String from) {
    TensorInfo tensor = tensor(from);
    add(to, tensor, type.forRow(tensor.shape().get(1)), row -> row);
  }

  private void addFloatMatrix(String to, String from) {
    add(to, tensor(from), GgufType.F32, row -> row);
  }

  /**
   * Query and key rows. The llama architecture of llama.cpp rotates neighbouring numbers of a head,
   * Hugging Face rotates the halves against each other, so the rows of each head are interleaved.
   * Qwen2 rotates halves in both.
   */
  private void addRotated(String to, String from) {
    TensorInfo tensor = tensor(from);
    int dim = config.headDim();
    IntUnaryOperator source =
        config.architecture() == Architecture.QWEN2
            ? row -> row
            : row -> row / dim * dim + (row % dim) / 2 + (row % 2) * (dim / 2);
    add(to, tensor, type.forRow(tensor.shape().get(1)), source);
  }

  private void add(String to, TensorInfo tensor, GgufType stored, IntUnaryOperator source) {
    int count = Math.toIntExact(tensor.shape().get(0));
    int length = Math.toIntExact(tensor.shape().get(1));
    gguf.addTensor(
        to,
        stored,
        List.of((long) length, (long) count),
        rows(tensor, stored, count, length, source));
  }

  private TensorData rows(
      TensorInfo tensor, GgufType stored, int count, int length, IntUnaryOperator source) {
    return out -> {
      MemorySegment data = weights.data(tensor.name());
      float[] row = new float[length];
      ByteBuffer bytes = buffer(stored.rowBytes(length));
      for (int i = 0; i < count; i++) {
        FloatReader.read(tensor.dtype(), data, (long) source.applyAsInt(i) * length, row, length);
        RowEncoder.encode(stored, row, length, bytes.clear());
        GgufWriter.writeFully(out, bytes.flip());
      }
    };
  }

  /** GPT-2 keeps its matrices as [in, out]; one whole matrix is turned in memory. */
  private void addTransposed(String to, String from) {
    TensorInfo tensor = tensor(from);
    int in = Math.toIntExact(tensor.shape().get(0));
    int width = Math.toIntExact(tensor.shape().get(1));
    GgufType stored = type.forRow(in);
    gguf.addTensor(
        to,
        stored,
        List.of((long) in, (long) width),
        out -> {
          float[] matrix = new float[Math.multiplyExact(in, width)];
          FloatReader.read(tensor.dtype(), weights.data(tensor.name()), 0, matrix, matrix.length);
          float[] row = new float[in];
          ByteBuffer bytes = buffer(stored.rowBytes(in));
          for (int o = 0; o < width; o++) {
            for (int i = 0; i < in; i++) {
              row[i] = matrix[i * width + o];
            }
            RowEncoder.encode(stored, row, in, bytes.clear());
            GgufWriter.writeFully(out, bytes.flip());
          }
        });
  }

  private TensorInfo tensor(String name) {
    TensorInfo tensor = weights.tensors().get(name);
    if (tensor == null) {
      throw new MalformedFileException("the weights lack " + name);
    }
    return tensor;
  }

  private static ByteBuffer buffer(long bytes) {
    return ByteBuffer.allocate(Math.toIntExact(bytes)).order(ByteOrder.LITTLE_ENDIAN);
  }
}
