package dev.mneme.store.hf;

/** The function between the matrices of a feed-forward network. */
public enum Activation {
  /** {@code x · sigmoid(x)}. */
  SILU,
  /** {@code x · Φ(x)}, with the error function. */
  GELU,
  /** GELU's approximation with tanh. */
  GELU_TANH
}
