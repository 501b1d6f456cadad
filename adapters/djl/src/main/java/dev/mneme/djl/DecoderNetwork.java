package dev.mneme.djl;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Preconditions;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.djl.internal.Script;
import dev.mneme.djl.internal.Torch;
import dev.mneme.store.hf.HuggingFaceConfig;
import dev.mneme.store.hf.HuggingFaceModel;
import dev.mneme.store.hf.RopeScaling;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.SafeTensorsWriter;
import dev.mneme.store.safetensors.TensorSource;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A Llama decoder on PyTorch over whole sequences: logits, losses and the states a datastore keys
 * by; {@link NetworkTraining} changes its weights. Used by one thread at a time. Owns native
 * memory, freed by closing.
 */
public final class DecoderNetwork extends TrainableNetwork<Batch> {

  private final LlamaShape shape;
  private final NetworkWeights weights;
  private final boolean bfloat16;
  private final Script script;
  private final PtNDManager manager;
  private final PtNDArray cos;
  private final PtNDArray sin;
  private final IValue weightList;

  private DecoderNetwork(LlamaShape shape, NetworkWeights weights, boolean bfloat16) {
    this.shape = shape;
    this.weights = weights;
    this.bfloat16 = bfloat16;
    this.manager = Torch.newManager();
    String text =
        DecoderScript.of(shape, NetworkScript.Precision.of(bfloat16), NetworkScript.HEAD_CHUNK);
    this.script = new Script(DecoderScript.CLASS, text);
    RotaryTable turns =
        RotaryTable.of(
            shape.context(), shape.headWidth(), shape.ropeTheta(), new RopeScaling.None());
    Shape table = new Shape(turns.positions(), turns.pairs());
    cos = manager.create(FloatBuffer.wrap(turns.cos()), table, DataType.FLOAT32);
    sin = manager.create(FloatBuffer.wrap(turns.sin()), table, DataType.FLOAT32);
    weightList = Script.list(weights.tensors());
  }

  /**
   * A network with fresh random weights.
   *
   * @param bfloat16 whether products are computed in bfloat16
   */
  public static DecoderNetwork random(LlamaShape shape, long seed, boolean bfloat16) {
    return new DecoderNetwork(
        shape, NetworkWeights.random(DecoderWeights.layout(shape), seed), bfloat16);
  }

  /**
   * The network of a Hugging Face directory (its tokenizer is not looked at).
   *
   * @throws MnemeException if it is missing, malformed or not a plain Llama with a tied head
   */
  public static DecoderNetwork open(Path directory, boolean bfloat16) {
    HuggingFaceConfig config = HuggingFaceConfig.read(directory);
    LlamaShape shape = LlamaShape.of(config);
    try (TensorSource source = HuggingFaceModel.openWeights(directory, config)) {
      if (source.tensors().containsKey("lm_head.weight")) {
        throw new MnemeException(
            "%s holds an output matrix lm_head.weight that differs from the embedding, though its %s calls them tied; such a model cannot be trained here"
                .formatted(directory, HuggingFaceConfig.FILE));
      }
      return of(shape, source, bfloat16);
    }
  }

  /**
   * The network of tensors under their published names, such as a checkpoint has.
   *
   * @throws MalformedFileException if a tensor is missing, has another shape or numbers that are
   *     not finite
   */
  public static DecoderNetwork of(LlamaShape shape, TensorSource source, boolean bfloat16) {
    NetworkWeights weights = NetworkWeights.read(DecoderWeights.layout(shape), source);
    return new DecoderNetwork(shape, weights, bfloat16);
  }

  /** A network of its own with the same weights. */
  DecoderNetwork copy() {
    return new DecoderNetwork(shape, weights.copy(), bfloat16);
  }

  public LlamaShape shape() {
    return shape;
  }

  /**
   * Logits of every position.
   *
   * @return [positions · vocabulary] for one sequence
   */
  public float[] logits(int[] ids) {
    return run("logits", new int[][] {ids}, List.of());
  }

  /**
   * The input of the last feed-forward block at every position, after its norm: what kNN-LM keys
   * its datastore by (arXiv 1911.00172, section 5).
   *
   * @param sequences of one length, at most the context
   * @return [sequences · length · hidden]
   */
  public float[] keys(int[][] sequences) {
    return run("keys", sequences, List.of());
  }

  /**
   * -log p of the token that follows each position.
   *
   * @return [batch.tokens()]
   */
  public float[] losses(Batch batch) {
    return run("losses", batch.rows(), List.of(batch.next()));
  }

  private float[] run(String method, int[][] sequences, List<long[]> targets) {
    try (PtNDManager step = (PtNDManager) manager.newSubManager()) {
      var arguments = new ArrayList<IValue>();
      arguments.add(IValue.from(ids(step, sequences)));
      arguments.add(IValue.from(table(step, cos, sequences[0].length)));
      arguments.add(IValue.from(table(step, sin, sequences[0].length)));
      for (long[] target : targets) {
        Shape column = new Shape(target.length, 1);
        arguments.add(IValue.from(step.create(LongBuffer.wrap(target), column, DataType.INT64)));
      }
      arguments.add(weightList);
      try (IValue result = script.run(method, arguments.toArray(IValue[]::new))) {
        return result.toTensor(step).toFloatArray();
      } finally {
        arguments.subList(0, arguments.size() - 1).forEach(IValue::close);
      }
    }
  }

  private PtNDArray ids(PtNDManager owner, int[][] sequences) {
    int length = sequences[0].length;
    long[] ids = new long[sequences.length * length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] =
          Preconditions.checkElementIndex(
              sequences[i / length][i % length], shape.vocabulary(), "id");
    }
    return owner.create(LongBuffer.wrap(ids), new Shape(sequences.length, length), DataType.INT64);
  }

  /** The first rows of a rotation table, as a tensor of its own. */
  private PtNDArray table(PtNDManager owner, PtNDArray table, int length) {
    Preconditions.checkArgument(
        length <= shape.context(),
        "sequences of %s do not fit a context of %s",
        length,
        shape.context());
    PtNDArray rows = (PtNDArray) table.get(new ai.djl.ndarray.index.NDIndex("0:" + length));
    rows.attach(owner);
    return rows;
  }

  @Override
  Script script() {
    return script;
  }

  @Override
  List<PtNDArray> trained() {
    return weights.tensors();
  }

  @Override
  List<PtNDArray> gradients(PtNDManager owner, Batch batch) {
    return script.runWithGradients(owner, "gradients", inputs(owner, batch), weights.tensors());
  }

  /** The first arguments of the script's methods that give gradients. */
  List<PtNDArray> inputs(PtNDManager owner, Batch batch) {
    Shape sequences = new Shape(batch.sequences(), batch.length());
    List<PtNDArray> inputs = new ArrayList<>();
    inputs.add(owner.create(LongBuffer.wrap(batch.ids()), sequences, DataType.INT64));
    inputs.add(table(owner, cos, batch.length()));
    inputs.add(table(owner, sin, batch.length()));
    addTargets(owner, batch, inputs);
    return inputs;
  }

  @Override
  List<SafeTensorsWriter.Entry> checkpoint() {
    return weights.entries(Dtype.F32);
  }

  /**
   * Writes {@code config.json} and {@code model.safetensors} as Hugging Face publishes them.
   *
   * @param dtype F32 or F16
   * @param beginAndEnd the id that begins and ends a text
   * @throws MnemeException if a file cannot be written
   */
  public void save(Path directory, Dtype dtype, int beginAndEnd) {
    ObjectNode config =
        HuggingFaceFiles.config()
            .put("model_type", "llama")
            .put("vocab_size", shape.vocabulary())
            .put("hidden_size", shape.hidden())
            .put("intermediate_size", shape.feedForward())
            .put("num_hidden_layers", shape.layers())
            .put("num_attention_heads", shape.heads())
            .put("num_key_value_heads", shape.kvHeads())
            .put("head_dim", shape.headWidth())
            .put("max_position_embeddings", shape.context())
            .put("rms_norm_eps", shape.normEpsilon())
            .put("rope_theta", shape.ropeTheta())
            .put("hidden_act", "silu")
            .put("attention_bias", false)
            .put("mlp_bias", false)
            .put("tie_word_embeddings", true)
            .put("bos_token_id", beginAndEnd)
            .put("eos_token_id", beginAndEnd)
            .put("torch_dtype", HuggingFaceFiles.torchName(dtype));
    config.putArray("architectures").add("LlamaForCausalLM");
    HuggingFaceFiles.write(directory, config, weights.entries(dtype));
  }

  @Override
  public void close() {
    weightList.close();
    script.close();
    manager.close();
    weights.close();
  }
}
