package dev.mneme.djl;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.mneme.MalformedFileException;
import dev.mneme.djl.internal.Script;
import dev.mneme.djl.internal.Torch;
import dev.mneme.store.safetensors.SafeTensorsFile;
import dev.mneme.store.safetensors.SafeTensorsWriter;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A decoder with {@link LowRank} changes, which are what training changes: for each matrix [out,
 * in] of the blocks in order, A [rank, in] and B [out, rank]. Fused matrices share one A. B begins
 * at zero, so the network begins unchanged. Used by one thread at a time. Owns native memory, the
 * decoder's included.
 */
public final class LowRankNetwork extends TrainableNetwork<Batch> {

  private final DecoderNetwork base;
  private final PtNDManager manager = Torch.newManager();
  private final List<PtNDArray> tensors = new ArrayList<>();
  private final PtNDArray scale;

  private LowRankNetwork(DecoderNetwork base, LowRank settings) {
    this.base = base;
    scale = (PtNDArray) manager.create((float) settings.scale());
  }

  /**
   * Begins changing a network.
   *
   * @param base the changes' to close from now on
   */
  public static LowRankNetwork random(DecoderNetwork base, LowRank settings) {
    var network = new LowRankNetwork(base, settings);
    var random = new Random(settings.seed());
    for (Shape matrix : matrices(base)) {
      int in = Math.toIntExact(matrix.get(1));
      float[] a = new float[settings.rank() * in];
      for (int j = 0; j < a.length; j++) {
        a[j] = (float) (random.nextGaussian() / Math.sqrt(in));
      }
      network.add(a, new Shape(settings.rank(), in));
      float[] b = new float[Math.toIntExact(matrix.get(0)) * settings.rank()];
      network.add(b, new Shape(matrix.get(0), settings.rank()));
    }
    return network;
  }

  /**
   * A network and its changes as a checkpoint has them.
   *
   * @throws MalformedFileException if it has no such network or no such changes
   */
  public static LowRankNetwork of(
      LlamaShape shape, LowRank settings, SafeTensorsFile checkpoint, boolean bfloat16) {
    var network = new LowRankNetwork(DecoderNetwork.of(shape, checkpoint, bfloat16), settings);
    try {
      for (Shape matrix : matrices(network.base)) {
        for (Shape change :
            List.of(
                new Shape(settings.rank(), matrix.get(1)),
                new Shape(matrix.get(0), settings.rank()))) {
          String name = name(network.tensors.size());
          network.add(Checkpoints.read(checkpoint, name, change.size()), change);
        }
      }
      return network;
    } catch (RuntimeException e) {
      network.close();
      throw e;
    }
  }

  private static List<Shape> matrices(DecoderNetwork base) {
    return base.trained().stream()
        .skip(1) // the embedding
        .map(PtNDArray::getShape)
        .filter(shape -> shape.dimension() == 2)
        .toList();
  }

  private static String name(int index) {
    return "lora." + index;
  }

  private void add(float[] values, Shape shape) {
    tensors.add(manager.create(FloatBuffer.wrap(values), shape, DataType.FLOAT32));
  }

  /** The network that is changed; it stays this object's. */
  public DecoderNetwork base() {
    return base;
  }

  /** A network of its own, the caller's to close, with the changes as they are now. */
  public DecoderNetwork merged() {
    DecoderNetwork copy = base.copy();
    try (IValue weights = Script.list(copy.trained());
        IValue changes = Script.list(tensors);
        IValue factor = IValue.from(scale)) {
      copy.script().run("merge", weights, changes, factor).close();
    }
    return copy;
  }

  @Override
  Script script() {
    return base.script();
  }

  @Override
  List<PtNDArray> trained() {
    return tensors;
  }

  @Override
  List<PtNDArray> gradients(PtNDManager owner, Batch batch) {
    List<PtNDArray> inputs = base.inputs(owner, batch);
    inputs.add(scale);
    List<PtNDArray> all = new ArrayList<>(base.trained());
    all.addAll(tensors);
    return base.script().runWithGradients(owner, "lora_gradients", inputs, all);
  }

  @Override
  List<SafeTensorsWriter.Entry> checkpoint() {
    List<SafeTensorsWriter.Entry> entries = new ArrayList<>(base.checkpoint());
    for (int i = 0; i < tensors.size(); i++) {
      entries.add(Checkpoints.entry(name(i), tensors.get(i)));
    }
    return entries;
  }

  @Override
  public void close() {
    base.close();
    manager.close();
  }
}
