package dev.mneme.store.hf;

import java.util.Optional;

/**
 * A decoder's network, part by part: what engines and converters compute from. Families differ in
 * their parts alone.
 *
 * @param rotary how queries and keys carry their positions; empty where the embedding adds learned
 *     ones (GPT-2)
 */
public record DecoderShape(
    Embedding embedding,
    Attention attention,
    Optional<Rotary> rotary,
    FeedForward feedForward,
    Blocks blocks) {

  /**
   * The table of token embeddings.
   *
   * @param vocabulary rows, padding included
   * @param width floats of a row, and of the residual stream
   * @param scale what rows are multiplied by where they enter the network
   * @param tied whether the table serves as output matrix too
   */
  public record Embedding(int vocabulary, int width, double scale, boolean tied) {}
}
