package dev.mneme.llamacpp.internal;

import dev.mneme.store.hf.MlpGgufNames;
import dev.mneme.store.hf.MlpShape;
import java.lang.foreign.MemorySegment;

/**
 * The forward pass of an MLP Memory for a fixed number of rows, as a ggml graph with the memory its
 * steps need. Used by one thread; owns native memory.
 *
 * <p>A block is x + down(silu(gate(n)) · up(n)) with n = RMSNorm(x), or x + down(gelu(up(n))) with
 * n = LayerNorm(x) and biases (arXiv 2508.01832, and the released code of both checkpoints).
 */
final class MlpGraph implements AutoCloseable {

  /** Most tensors a block adds to the graph. */
  private static final int PER_BLOCK = 24;

  private static final int REST = 16;
  private static final int GGML_TYPE_F32 = 0;

  private final GgmlLibrary ggml;
  private final MlpWeights weights;
  private final int rows;
  private final MemorySegment context;
  private final MemorySegment allocator;
  private final MemorySegment graph;
  private final MemorySegment input;
  private final MemorySegment output;

  MlpGraph(GgmlLibrary ggml, MlpWeights weights, int rows) {
    this.ggml = ggml;
    this.weights = weights;
    this.rows = rows;
    MlpShape shape = weights.shape();
    int most = shape.layers() * PER_BLOCK + REST;
    context = ggml.newContext(most, /* graph= */ true);
    MemorySegment made = MemorySegment.NULL;
    try {
      graph = ggml.newGraph(context, most);
      input = ggml.newTensor(context, GGML_TYPE_F32, shape.input(), rows);
      ggml.setInput(input);
      MemorySegment x =
          shape.transform() ? linear(MlpGgufNames.TRANSFORM_TENSOR, input, true) : input;
      for (int layer = 0; layer < shape.layers(); layer++) {
        x = ggml.add(context, x, block(layer, x));
        ggml.expand(graph, x);
      }
      output = linear(MlpGgufNames.OUTPUT, normed(MlpGgufNames.OUTPUT_NORM, x), false);
      ggml.setOutput(output);
      ggml.expand(graph, output);
      made = ggml.newAllocator();
      ggml.allocate(made, graph);
      allocator = made;
    } catch (RuntimeException e) {
      if (!made.equals(MemorySegment.NULL)) {
        ggml.freeAllocator(made);
      }
      ggml.freeContext(context);
      throw e;
    }
  }

  int rows() {
    return rows;
  }

  private MemorySegment block(int layer, MemorySegment x) {
    MemorySegment n = normed(MlpGgufNames.ofBlock(layer, MlpGgufNames.NORM), x);
    String gates = MlpGgufNames.ofBlock(layer, MlpGgufNames.GATE);
    String ups = MlpGgufNames.ofBlock(layer, MlpGgufNames.UP);
    String downs = MlpGgufNames.ofBlock(layer, MlpGgufNames.DOWN);
    return switch (weights.shape().style()) {
      case MISTRAL -> {
        MemorySegment gate = ggml.silu(context, linear(gates, n, false));
        MemorySegment up = linear(ups, n, false);
        yield linear(downs, ggml.mul(context, gate, up), false);
      }
      case GPT2 -> linear(downs, gelu(linear(ups, n, true)), true);
    };
  }

  private MemorySegment normed(String name, MemorySegment x) {
    float epsilon = (float) weights.shape().normEpsilon();
    MemorySegment scale = weights.tensor(name + ".weight");
    return switch (weights.shape().style()) {
      case MISTRAL -> ggml.mul(context, ggml.rmsNorm(context, x, epsilon), scale);
      case GPT2 ->
          ggml.add(
              context,
              ggml.mul(context, ggml.layerNorm(context, x, epsilon), scale),
              weights.tensor(name + ".bias"));
    };
  }

  private MemorySegment linear(String name, MemorySegment x, boolean bias) {
    MemorySegment product = ggml.mulMat(context, weights.tensor(name + ".weight"), x);
    return bias ? ggml.add(context, product, weights.tensor(name + ".bias")) : product;
  }

  /**
   * The tanh approximation, step by step: ggml's own looks it up in a half-precision table, whose
   * error would add up over blocks.
   */
  private MemorySegment gelu(MemorySegment x) {
    MemorySegment cube = ggml.mul(context, ggml.mul(context, x, x), x);
    MemorySegment inner = ggml.add(context, x, ggml.scale(context, cube, 0.044715f));
    float root = (float) Math.sqrt(2 / Math.PI);
    MemorySegment tanh = ggml.tanh(context, ggml.scale(context, inner, root));
    return ggml.scale(context, ggml.add(context, x, ggml.mul(context, x, tanh)), 0.5f);
  }

  /**
   * Computes.
   *
   * @param activations [rows · input] floats
   * @return [rows · vocabulary] logits in the graph's memory, valid until the next call
   */
  MemorySegment compute(MemorySegment processor, MemorySegment activations, int threads) {
    // Each time, because the allocator uses the input's memory again for later steps.
    ggml.data(input, activations.byteSize()).copyFrom(activations);
    ggml.compute(processor, graph, threads);
    return ggml.data(output, (long) rows * weights.shape().vocabulary() * Float.BYTES);
  }

  @Override
  public void close() {
    ggml.freeAllocator(allocator);
    ggml.freeContext(context);
  }
}
