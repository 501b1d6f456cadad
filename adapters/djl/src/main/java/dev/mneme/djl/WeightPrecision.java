package dev.mneme.djl;

/**
 * The numbers in which a network's matrices are kept and multiplied. Norms and the residual stream
 * are computed in 32 bits whatever the choice; logits are products and have their numbers.
 */
public enum WeightPrecision {
  /** 32 bits: files stored so are used where they are mapped, others take twice their size. */
  FLOAT32(6),
  /**
   * 16 bits with the range of 32: files stored so are used where they are mapped. {@link
   * Processor#multipliesBfloat16} says whether it is fast here.
   */
  BFLOAT16(15),
  /**
   * 8 bits with a scale for each row, made when the model is opened; activations are bfloat16. The
   * embedding stays bfloat16.
   */
  INT8(15);

  private final int products;

  WeightPrecision(int products) {
    this.products = products;
  }

  /** PyTorch's code of the number type of products, and so of what is added to them. */
  int products() {
    return products;
  }
}
