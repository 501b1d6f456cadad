package dev.mneme.store.hf;

/** A block's feed-forward network. */
public sealed interface FeedForward {

  /** Floats inside the network. */
  int width();

  /** What the inner floats, or those of the gate, go through. */
  Activation activation();

  /** Whether the matrices have biases. */
  boolean bias();

  /** {@code down(activation(gate(x)) · up(x))}. */
  record Gated(int width, Activation activation, boolean bias) implements FeedForward {}

  /** {@code down(activation(up(x)))}. */
  record Plain(int width, Activation activation, boolean bias) implements FeedForward {}
}
