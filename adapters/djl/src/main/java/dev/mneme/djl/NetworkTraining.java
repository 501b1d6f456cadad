package dev.mneme.djl;

import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.mneme.FailureText;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.djl.internal.Script;
import dev.mneme.djl.internal.Torch;
import dev.mneme.store.safetensors.SafeTensorsFile;
import dev.mneme.store.safetensors.SafeTensorsWriter;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Changes a network's weights by AdamW (arXiv 1711.05101) with clipping by the global norm. Used by
 * one thread only, the one that made it. Owns native memory; the network stays its owner's.
 *
 * @param <B> what the network learns from
 */
public final class NetworkTraining<B extends Examples> implements AutoCloseable {

  /**
   * Settings of the optimiser.
   *
   * @param beta1 decay of the mean of gradients
   * @param beta2 decay of the mean of their squares
   * @param weightDecay for matrices; norms and biases are not decayed
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
  private static final String STEPS = "optimiser_steps";

  /** Tensors that are decayed alike, with the optimiser's state. */
  private record Group(
      List<Integer> indices, IValue weights, IValue means, IValue squares, IValue steps) {

    void close() {
      List.of(weights, means, squares, steps).forEach(IValue::close);
    }
  }

  private final TrainableNetwork<B> network;
  private final Settings settings;
  private final PtNDManager manager = Torch.newManager();
  private final List<PtNDArray> means = new ArrayList<>();
  private final List<PtNDArray> squares = new ArrayList<>();
  private final List<PtNDArray> steps = new ArrayList<>();
  private final Group matrices;
  private final Group vectors;

  private NetworkTraining(TrainableNetwork<B> network, Settings settings, int threads) {
    this.network = network;
    this.settings = settings;
    Torch.prepareTraining(threads);
    for (PtNDArray tensor : network.trained()) {
      tensor.setRequiresGradient(true);
      means.add((PtNDArray) manager.zeros(tensor.getShape()));
      squares.add((PtNDArray) manager.zeros(tensor.getShape()));
      steps.add((PtNDArray) manager.zeros(new Shape()));
    }
    matrices = group(true);
    vectors = group(false);
  }

  /**
   * Begins training a network where it stands.
   *
   * @param threads processor threads of this whole process that one operation may use
   */
  public static <B extends Examples> NetworkTraining<B> of(
      TrainableNetwork<B> network, Settings settings, int threads) {
    return new NetworkTraining<>(network, settings, threads);
  }

  private Group group(boolean areMatrices) {
    List<Integer> indices = new ArrayList<>();
    for (int i = 0; i < means.size(); i++) {
      if ((network.trained().get(i).getShape().dimension() == 2) == areMatrices) {
        indices.add(i);
      }
    }
    return new Group(
        indices,
        list(network.trained(), indices),
        list(means, indices),
        list(squares, indices),
        list(steps, indices));
  }

  private static IValue list(List<PtNDArray> tensors, List<Integer> indices) {
    return Script.list(indices.stream().map(tensors::get).toList());
  }

  /**
   * One step of gradient descent.
   *
   * @throws MnemeException if loss or gradients are not finite; the weights are then unchanged
   */
  public Step step(B batch, double learningRate) {
    try (PtNDManager owner = (PtNDManager) manager.newSubManager()) {
      List<PtNDArray> results = network.gradients(owner, batch);
      float[] losses = results.getFirst().toFloatArray();
      List<PtNDArray> gradients = results.subList(1, results.size());
      double norm = clip(owner, gradients);
      if (!Double.isFinite(losses[0]) || !Double.isFinite(norm)) {
        throw new MnemeException(
            "training left the finite numbers: loss %s, gradient norm %s; resume from the last checkpoint with a smaller learning rate"
                .formatted(losses[0], norm));
      }
      update(matrices, gradients, learningRate, settings.weightDecay());
      update(vectors, gradients, learningRate, 0);
      return new Step(losses[0], losses[1], norm);
    }
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
    List<SafeTensorsWriter.Entry> entries = new ArrayList<>(network.checkpoint());
    for (int i = 0; i < means.size(); i++) {
      entries.add(Checkpoints.entry("mean." + i, means.get(i)));
      entries.add(Checkpoints.entry("square." + i, squares.get(i)));
    }
    var all = new LinkedHashMap<>(metadata);
    all.put(STEPS, Long.toString((long) steps.getFirst().toFloatArray()[0]));
    SafeTensorsWriter.write(file, all, entries);
  }

  /**
   * Goes on with a network that was read from a checkpoint.
   *
   * @throws MalformedFileException if the file is not a checkpoint of such a network
   */
  public static <B extends Examples> NetworkTraining<B> resume(
      TrainableNetwork<B> network, SafeTensorsFile checkpoint, Settings settings, int threads) {
    var training = of(network, settings, threads);
    try {
      float done = Float.parseFloat(checkpoint.metadata().getOrDefault(STEPS, ""));
      for (int i = 0; i < training.means.size(); i++) {
        fill(checkpoint, "mean." + i, training.means.get(i));
        fill(checkpoint, "square." + i, training.squares.get(i));
        training.steps.get(i).set(new float[] {done});
      }
      return training;
    } catch (RuntimeException e) {
      training.close();
      throw e instanceof MnemeException
          ? e
          : new MalformedFileException(
              checkpoint.path() + " is not a checkpoint of this training: " + FailureText.of(e), e);
    }
  }

  private static void fill(SafeTensorsFile checkpoint, String name, PtNDArray tensor) {
    tensor.set(FloatBuffer.wrap(Checkpoints.read(checkpoint, name, tensor.size())));
  }

  @Override
  public void close() {
    matrices.close();
    vectors.close();
    manager.close();
  }
}
