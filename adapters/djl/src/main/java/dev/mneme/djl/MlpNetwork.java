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
import dev.mneme.store.hf.MlpModel;
import dev.mneme.store.hf.MlpShape;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.SafeTensorsWriter;
import dev.mneme.store.safetensors.TensorSource;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * An MLP Memory (arXiv 2508.01832) on PyTorch over rows of activations: logits and losses; {@link
 * NetworkTraining} changes its weights. Used by one thread at a time. Owns native memory, freed by
 * closing.
 */
public final class MlpNetwork extends TrainableNetwork<ActivationBatch> {

  private final MlpShape shape;
  private final NetworkWeights weights;
  private final Script script;
  private final PtNDManager manager;
  private final IValue weightList;

  private MlpNetwork(MlpShape shape, NetworkWeights weights, boolean bfloat16) {
    this.shape = shape;
    this.weights = weights;
    this.manager = Torch.newManager();
    String text =
        MlpScript.of(shape, NetworkScript.Precision.of(bfloat16), NetworkScript.HEAD_CHUNK);
    this.script = new Script(MlpScript.CLASS, text);
    weightList = Script.list(weights.tensors());
  }

  /**
   * A network with fresh random weights.
   *
   * @param bfloat16 whether products are computed in bfloat16
   */
  public static MlpNetwork random(MlpShape shape, long seed, boolean bfloat16) {
    NetworkWeights weights = NetworkWeights.random(MlpWeights.layout(shape), seed);
    return new MlpNetwork(shape, weights, bfloat16);
  }

  /**
   * The network of a folder as it is published or in a pack, with its host's tokenizer.
   *
   * @throws MnemeException if it is missing, malformed or no MLP Memory; names a tensor with
   *     numbers that are not finite
   */
  public static MlpNetwork open(Path directory, boolean bfloat16) {
    try (MlpModel model = MlpModel.open(directory)) {
      return of(model.shape(), model.tensors(), bfloat16);
    }
  }

  /**
   * The network of tensors under their published names, such as a checkpoint has.
   *
   * @throws MalformedFileException if a tensor is missing, has another shape or numbers that are
   *     not finite
   */
  public static MlpNetwork of(MlpShape shape, TensorSource source, boolean bfloat16) {
    NetworkWeights weights = NetworkWeights.read(MlpWeights.layout(shape), source);
    return new MlpNetwork(shape, weights, bfloat16);
  }

  public MlpShape shape() {
    return shape;
  }

  /**
   * Logits of every row.
   *
   * @param activations [rows · input]
   * @return [rows · vocabulary]
   */
  public float[] logits(float[] activations, int rows) {
    try (PtNDManager step = (PtNDManager) manager.newSubManager();
        IValue input = IValue.from(input(step, activations, rows));
        IValue result = script.run("logits", input, weightList)) {
      return result.toTensor(step).toFloatArray();
    }
  }

  /**
   * -log p of the token that follows each row.
   *
   * @return [batch.tokens()]
   */
  public float[] losses(ActivationBatch batch) {
    Shape column = new Shape(batch.tokens(), 1);
    try (PtNDManager step = (PtNDManager) manager.newSubManager();
        IValue input = IValue.from(input(step, batch.activations(), batch.tokens()));
        IValue next =
            IValue.from(step.create(LongBuffer.wrap(batch.next()), column, DataType.INT64));
        IValue result = script.run("losses", input, next, weightList)) {
      return result.toTensor(step).toFloatArray();
    }
  }

  private PtNDArray input(PtNDManager owner, float[] activations, int rows) {
    Preconditions.checkArgument(
        activations.length == (long) rows * shape.input(),
        "%s rows of %s expected, found %s numbers",
        rows,
        shape.input(),
        activations.length);
    Shape matrix = new Shape(rows, shape.input());
    return owner.create(FloatBuffer.wrap(activations), matrix, DataType.FLOAT32);
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
  List<PtNDArray> gradients(PtNDManager owner, ActivationBatch batch) {
    List<PtNDArray> inputs = new ArrayList<>();
    inputs.add(input(owner, batch.activations(), batch.tokens()));
    addTargets(owner, batch, inputs);
    return script.runWithGradients(owner, "gradients", inputs, weights.tensors());
  }

  @Override
  List<SafeTensorsWriter.Entry> checkpoint() {
    return weights.entries(Dtype.F32);
  }

  /**
   * Writes {@code config.json} and {@code model.safetensors} under the published names. The
   * configuration has what its family's has of a network without attention.
   *
   * @param dtype F32 or F16
   * @param beginAndEnd the id that begins and ends a text
   * @throws MnemeException if a file cannot be written
   */
  public void save(Path directory, Dtype dtype, int beginAndEnd) {
    ObjectNode config =
        HuggingFaceFiles.config()
            .put("model_type", shape.style().modelType())
            .put("vocab_size", shape.vocabulary());
    switch (shape.style()) {
      case MISTRAL ->
          config
              .put("hidden_size", shape.hidden())
              .put("intermediate_size", shape.feedForward())
              .put("num_hidden_layers", shape.layers())
              .put("rms_norm_eps", shape.normEpsilon())
              .put("hidden_act", "silu");
      case GPT2 ->
          config
              .put("n_embd", shape.hidden())
              .put("n_inner", shape.feedForward())
              .put("n_layer", shape.layers())
              .put("layer_norm_epsilon", shape.normEpsilon())
              .put("activation_function", "gelu_new");
    }
    config
        .put("tie_word_embeddings", false)
        .put("bos_token_id", beginAndEnd)
        .put("eos_token_id", beginAndEnd)
        .put("torch_dtype", HuggingFaceFiles.torchName(dtype));
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
