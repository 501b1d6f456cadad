package dev.mneme.djl;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.djl.internal.Script;
import dev.mneme.djl.internal.Torch;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.FloatReader;
import dev.mneme.store.safetensors.SafeTensorsFile;
import dev.mneme.store.safetensors.SafeTensorsWriter;
import dev.mneme.store.safetensors.TensorInfo;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Changes a network's weights, or low-rank additions to them, by AdamW (arXiv 1711.05101) with
 * clipping by the global norm. Used by one thread only, the one that made it. Owns native memory;
 * the network stays its owner's.
 */
public final class DecoderTraining implements AutoCloseable {

  /**
   * Settings of the optimiser.
   *
   * @param beta1 decay of the mean of gradients
   * @param beta2 decay of the mean of their squares
   * @param weightDecay for matrices; norms are not decayed
   * @param clipNorm largest norm of all gradients together
   */
  public record Settings(double beta1, double beta2, double weightDecay, double clipNorm) {

    /** Usual settings for small language models: 0.9, 0.95, 0.1, 1. */
    public static final Settings DEFAULT = new Settings(0.9, 0.95, 0.1, 1);
  }

  /**
   * What one step saw, before it changed the weights.
   *
   * @param loss mean cross entropy against the targets, in nats
   * @param crossEntropy mean -log p of the tokens that follow, in nats
   * @param gradientNorm of all gradients before clipping
   */
  public record Step(double loss, double crossEntropy, double gradientNorm) {}

  private static final double EPSILON = 1e-8;

  /** Tensors that are decayed alike, with the optimiser's state. */
  private record Group(
      List<Integer> indices, IValue weights, IValue means, IValue squares, IValue steps) {

    void close() {
      List.of(weights, means, squares, steps).forEach(IValue::close);
    }
  }

  private final DecoderNetwork network;
  private final Settings settings;
  private final @Nullable Lora lora;
  private final List<PtNDArray> trained;
  private final PtNDManager manager = Torch.newManager();
  private final List<PtNDArray> means = new ArrayList<>();
  private final List<PtNDArray> squares = new ArrayList<>();
  private final List<PtNDArray> steps = new ArrayList<>();
  private final Group matrices;
  private final Group norms;

  private DecoderTraining(
      DecoderNetwork network, Settings settings, int threads, @Nullable Lora lora) {
    this.network = network;
    this.settings = settings;
    this.lora = lora;
    this.trained = lora == null ? network.weights().tensors() : lora.tensors();
    Torch.prepareTraining(threads);
    for (PtNDArray tensor : trained) {
      tensor.setRequiresGradient(true);
      means.add((PtNDArray) manager.zeros(tensor.getShape()));
      squares.add((PtNDArray) manager.zeros(tensor.getShape()));
      steps.add((PtNDArray) manager.zeros(new Shape()));
    }
    matrices = group(true);
    norms = group(false);
  }

  /**
   * Begins training all weights of a network where it stands.
   *
   * @param threads processor threads of this whole process that one operation may use
   */
  public static DecoderTraining of(DecoderNetwork network, Settings settings, int threads) {
    return new DecoderTraining(network, settings, threads, null);
  }

  /**
   * Begins training low-rank changes of a network, whose own weights stay; {@link #merged} has
   * both.
   */
  public static DecoderTraining lora(
      DecoderNetwork network, LowRank changes, Settings settings, int threads) {
    return new DecoderTraining(network, settings, threads, Lora.random(network.weights(), changes));
  }

  private Group group(boolean areMatrices) {
    List<Integer> indices = new ArrayList<>();
    for (int i = 0; i < means.size(); i++) {
      if ((trained.get(i).getShape().dimension() == 2) == areMatrices) {
        indices.add(i);
      }
    }
    return new Group(
        indices,
        list(trained, indices),
        list(means, indices),
        list(squares, indices),
        list(steps, indices));
  }

  /** Weights that are trained. */
  public long parameters() {
    return trained.stream().mapToLong(PtNDArray::size).sum();
  }

  /** A network of its own, the caller's to close, with the weights as trained so far. */
  public DecoderNetwork merged() {
    DecoderNetwork copy = network.copy();
    if (lora != null) {
      lora.mergeInto(copy);
    }
    return copy;
  }

  private static IValue list(List<PtNDArray> tensors, List<Integer> indices) {
    return Script.list(indices.stream().map(tensors::get).toList());
  }

  /**
   * One step of gradient descent.
   *
   * @throws MnemeException if loss or gradients are not finite; the weights are then unchanged
   */
  public Step step(Batch batch, double learningRate) {
    try (PtNDManager owner = (PtNDManager) manager.newSubManager()) {
      List<PtNDArray> results = gradients(owner, batch);
      float[] losses = results.getFirst().toFloatArray();
      List<PtNDArray> gradients = results.subList(1, results.size());
      double norm = clip(owner, gradients);
      if (!Double.isFinite(losses[0]) || !Double.isFinite(norm)) {
        throw new MnemeException(
            "training left the finite numbers: loss %s, gradient norm %s; resume from the last checkpoint with a smaller learning rate"
                .formatted(losses[0], norm));
      }
      update(matrices, gradients, learningRate, settings.weightDecay());
      update(norms, gradients, learningRate, 0);
      return new Step(losses[0], losses[1], norm);
    }
  }

  /** Loss and cross entropy, then the gradient of every trained tensor. */
  List<PtNDArray> gradients(PtNDManager owner, Batch batch) {
    Shape sequences = new Shape(batch.sequences(), batch.length());
    Shape targets = new Shape(batch.tokens(), batch.width());
    List<PtNDArray> all = new ArrayList<>(network.weights().tensors());
    List<PtNDArray> first = new ArrayList<>();
    first.add(owner.create(LongBuffer.wrap(batch.ids()), sequences, DataType.INT64));
    first.add(network.table(owner, network.cos(), batch.length()));
    first.add(network.table(owner, network.sin(), batch.length()));
    first.add(owner.create(LongBuffer.wrap(batch.targets()), targets, DataType.INT64));
    first.add(owner.create(FloatBuffer.wrap(batch.weights()), targets, DataType.FLOAT32));
    if (lora != null) {
      first.add(lora.scale());
      all.addAll(lora.tensors());
    }
    return network
        .script()
        .runWithGradients(owner, lora == null ? "gradients" : "lora_gradients", first, all);
  }

  private double clip(PtNDManager owner, List<PtNDArray> gradients) {
    try (IValue list = Script.list(gradients);
        IValue most = IValue.from(settings.clipNorm());
        IValue norm = network.script().run("clip", list, most)) {
      return norm.toTensor(owner).toFloatArray()[0];
    }
  }

  private void update(Group group, List<PtNDArray> gradients, double rate, double decay) {
    if (group.indices().isEmpty()) {
      return;
    }
    try (IValue list = list(gradients, group.indices());
        IValue numbers =
            IValue.listFrom(rate, settings.beta1(), settings.beta2(), decay, EPSILON)) {
      network
          .script()
          .run(
              "adamw",
              group.weights(),
              list,
              group.means(),
              group.squares(),
              group.steps(),
              numbers)
          .close();
    }
  }

  /**
   * Writes weights and optimiser state to one file, whole or not at all.
   *
   * @param metadata what the caller wants to find again, such as its place in the data
   */
  public void checkpoint(Path file, Map<String, String> metadata) {
    var entries = new ArrayList<>(network.weights().entries(Dtype.F32));
    for (int i = 0; i < means.size(); i++) {
      if (lora != null) {
        entries.add(entry("lora." + i, trained.get(i)));
      }
      entries.add(entry("mean." + i, means.get(i)));
      entries.add(entry("square." + i, squares.get(i)));
    }
    var all = new LinkedHashMap<>(metadata);
    all.put("optimiser_steps", Long.toString((long) steps.getFirst().toFloatArray()[0]));
    SafeTensorsWriter.write(file, all, entries);
  }

  private static SafeTensorsWriter.Entry entry(String name, PtNDArray tensor) {
    float[] values = tensor.toFloatArray();
    return SafeTensorsWriter.Entry.of(name, List.of((long) values.length), values);
  }

  /** A checkpoint read back: its network (the caller's to close) and the training to go on with. */
  public record Resumed(
      DecoderNetwork network, DecoderTraining training, Map<String, String> metadata) {}

  /**
   * Reads a checkpoint.
   *
   * @throws MalformedFileException if the file is not a checkpoint of this shape
   */
  public static Resumed resume(
      Path file, DecoderShape shape, boolean bfloat16, Settings settings, int threads) {
    return resume(file, shape, bfloat16, Optional.empty(), settings, threads);
  }

  /**
   * Reads a checkpoint.
   *
   * @param changes what is trained; all weights if empty
   * @throws MalformedFileException if the file is not a checkpoint of this shape and rank
   */
  public static Resumed resume(
      Path file,
      DecoderShape shape,
      boolean bfloat16,
      Optional<LowRank> changes,
      Settings settings,
      int threads) {
    try (SafeTensorsFile source = SafeTensorsFile.open(file)) {
      DecoderNetwork network = DecoderNetwork.of(shape, source, bfloat16);
      DecoderTraining training =
          changes
              .map(lowRank -> lora(network, lowRank, settings, threads))
              .orElseGet(() -> of(network, settings, threads));
      try {
        float done = Float.parseFloat(source.metadata().getOrDefault("optimiser_steps", ""));
        for (int i = 0; i < training.means.size(); i++) {
          if (changes.isPresent()) {
            training.restore(source, i);
          }
          fill(source, "mean." + i, training.means.get(i));
          fill(source, "square." + i, training.squares.get(i));
          training.steps.get(i).set(new float[] {done});
        }
        return new Resumed(network, training, source.metadata());
      } catch (RuntimeException e) {
        training.close();
        network.close();
        throw e instanceof MnemeException
            ? e
            : new MalformedFileException(
                file + " is not a checkpoint of this training: " + e.getMessage(), e);
      }
    }
  }

  private void restore(SafeTensorsFile source, int index) {
    PtNDArray tensor = trained.get(index);
    tensor.setRequiresGradient(false); // a tensor that records cannot be written in place
    fill(source, "lora." + index, tensor);
    tensor.setRequiresGradient(true);
  }

  private static void fill(SafeTensorsFile source, String name, PtNDArray tensor) {
    float[] values = new float[Math.toIntExact(tensor.size())];
    TensorInfo info = source.tensors().get(name);
    if (info == null || !info.shape().equals(List.of((long) values.length))) {
      throw new MalformedFileException(
          "%s: expected %s of %d numbers, found %s; it is a checkpoint of another network"
              .formatted(source.path(), name, values.length, info == null ? "none" : info.shape()));
    }
    FloatReader.read(info.dtype(), source.data(name), 0, values, values.length);
    tensor.set(FloatBuffer.wrap(values));
  }

  @Override
  public void close() {
    matrices.close();
    norms.close();
    manager.close();
    if (lora != null) {
      lora.close();
    }
  }
}
