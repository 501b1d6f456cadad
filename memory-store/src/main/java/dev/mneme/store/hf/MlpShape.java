package dev.mneme.store.hf;

import com.google.common.base.Preconditions;
import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import java.util.ArrayList;
import java.util.List;

/**
 * The shape of an MLP Memory (arXiv 2508.01832): blocks of norm, feed-forward network and residual
 * over one host activation, a last norm and an output matrix. No attention, no token embedding.
 *
 * @param input floats of the host activation
 * @param hidden floats of the residual stream; unlike {@code input} only behind a transform
 * @param feedForward width inside a block
 * @param layers blocks
 * @param vocabulary rows of the output matrix, padding included
 * @param normEpsilon added to the variance in every normalisation
 * @param transform whether {@code embedding_transform}, a matrix with bias, comes first
 */
public record MlpShape(
    Style style,
    int input,
    int hidden,
    int feedForward,
    int layers,
    int vocabulary,
    double normEpsilon,
    boolean transform)
    implements NetworkShape {

  /** How a block computes, after the families whose configuration it borrows. */
  public enum Style {
    /** Llama's: RMSNorm, then down(silu(gate(x)) · up(x)), no biases. */
    MISTRAL(Architecture.MISTRAL),
    /**
     * GPT-2's: LayerNorm, then c_proj(gelu(c_fc(x))) with biases, the matrices stored [in, out].
     */
    GPT2(Architecture.GPT2);

    private final Architecture architecture;

    Style(Architecture architecture) {
      this.architecture = architecture;
    }

    /** The family whose configuration it borrows. */
    public Architecture architecture() {
      return architecture;
    }

    /** The {@code model_type} in {@code config.json}. */
    public String modelType() {
      return architecture.modelType();
    }
  }

  /**
   * One tensor.
   *
   * @param name as published
   * @param shape slowest dimension first
   */
  public record Tensor(String name, List<Long> shape) {

    /** Whether it is a matrix, and not a norm or a bias. */
    public boolean isMatrix() {
      return shape.size() == 2;
    }
  }

  public MlpShape {
    Preconditions.checkArgument(
        transform || input == hidden,
        "without a transform the memory is as wide as the activation, %s, not %s",
        input,
        hidden);
  }

  @Override
  public Architecture architecture() {
    return style.architecture();
  }

  /** Every tensor as the released checkpoints name it, in the order of computation. */
  public List<Tensor> tensors() {
    var tensors = new ArrayList<Tensor>();
    if (transform) {
      tensors.add(new Tensor("embedding_transform.weight", List.of((long) hidden, (long) input)));
      tensors.add(new Tensor("embedding_transform.bias", List.of((long) hidden)));
    }
    for (int layer = 0; layer < layers; layer++) {
      addBlock(layer, tensors);
    }
    if (style == Style.MISTRAL) {
      tensors.add(new Tensor("norm.weight", List.of((long) hidden)));
    } else {
      tensors.add(new Tensor("ln_f.weight", List.of((long) hidden)));
      tensors.add(new Tensor("ln_f.bias", List.of((long) hidden)));
    }
    tensors.add(new Tensor("lm_head.weight", List.of((long) vocabulary, (long) hidden)));
    return tensors;
  }

  private void addBlock(int layer, List<Tensor> tensors) {
    List<Long> narrow = List.of((long) hidden);
    List<Long> wide = List.of((long) feedForward);
    List<Long> widening = List.of((long) feedForward, (long) hidden);
    List<Long> narrowing = List.of((long) hidden, (long) feedForward);
    if (style == Style.MISTRAL) {
      String block = "layers." + layer + ".";
      tensors.add(new Tensor(block + "input_layernorm.weight", narrow));
      tensors.add(new Tensor(block + "mlp.gate_proj.weight", widening));
      tensors.add(new Tensor(block + "mlp.up_proj.weight", widening));
      tensors.add(new Tensor(block + "mlp.down_proj.weight", narrowing));
    } else {
      String block = "h." + layer + ".";
      tensors.add(new Tensor(block + "ln_1.weight", narrow));
      tensors.add(new Tensor(block + "ln_1.bias", narrow));
      tensors.add(new Tensor(block + "mlp.c_fc.weight", narrowing));
      tensors.add(new Tensor(block + "mlp.c_fc.bias", wide));
      tensors.add(new Tensor(block + "mlp.c_proj.weight", widening));
      tensors.add(new Tensor(block + "mlp.c_proj.bias", narrow));
    }
  }

  /** All weights. */
  public long parameters() {
    return tensors().stream()
        .mapToLong(tensor -> tensor.shape().stream().reduce(1L, Math::multiplyExact))
        .sum();
  }
}
