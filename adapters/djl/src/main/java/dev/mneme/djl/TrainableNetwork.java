package dev.mneme.djl;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import dev.mneme.djl.internal.Script;
import dev.mneme.store.safetensors.SafeTensorsWriter;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.List;

/**
 * Weights on PyTorch that {@link NetworkTraining} can change, and how they give gradients. Used by
 * one thread at a time. Owns native memory, freed by closing.
 *
 * @param <B> what it learns from
 */
public abstract sealed class TrainableNetwork<B extends Examples> implements AutoCloseable
    permits DecoderNetwork, LowRankNetwork, MlpNetwork {

  /** With the methods of {@link NetworkScript}. */
  abstract Script script();

  /** The tensors that training changes. */
  abstract List<PtNDArray> trained();

  /**
   * Loss and cross entropy of a batch, then the gradient of every trained tensor.
   *
   * @param owner whose the results become
   */
  abstract List<PtNDArray> gradients(PtNDManager owner, B batch);

  /** All that a checkpoint must hold to make this network again. */
  abstract List<SafeTensorsWriter.Entry> checkpoint();

  /** Adds what should follow each position to the arguments of a script's method. */
  static void addTargets(PtNDManager owner, Examples batch, List<PtNDArray> arguments) {
    Shape shape = new Shape(batch.tokens(), batch.width());
    arguments.add(owner.create(LongBuffer.wrap(batch.targets()), shape, DataType.INT64));
    arguments.add(owner.create(FloatBuffer.wrap(batch.weights()), shape, DataType.FLOAT32));
  }

  /** Weights that training changes. */
  public long trainedWeights() {
    return trained().stream().mapToLong(PtNDArray::size).sum();
  }

  @Override
  public abstract void close();
}
