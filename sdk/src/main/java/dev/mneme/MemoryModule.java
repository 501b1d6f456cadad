package dev.mneme;

import java.util.Optional;

/**
 * A pretrained memory: anything that gives a next-token distribution for the context the host sees.
 *
 * <p>Safe for use by several threads, each with sessions of its own. Attached to a {@link
 * MemoryAugmentedModel} it is owned and closed by that model. It owns native memory. How strongly
 * it weighs in is not its business but a {@link LambdaPolicy}'s.
 */
public interface MemoryModule extends AutoCloseable, ContextLimited {

  /** The pack's name, unique among the memories of one model: {@code law}. */
  String name();

  /** What exactly answered: {@code sha256:} and 64 hex digits over the pack's content. */
  String digest();

  /** What each token id means; compared with the host's before attaching. */
  Vocabulary vocabulary();

  /** Floats in a row of logits; at least the vocabulary's size. */
  int logitWidth();

  /** Tokens a session of this memory can hold; the largest integer if it keeps none. */
  @Override
  int contextLength();

  /** The host whose activations it reads, and where; empty if token ids are all it needs. */
  default Optional<TappedHost> reads() {
    return Optional.empty();
  }

  /** Whether it has been closed, after which it cannot be attached; a model asks before. */
  default boolean isClosed() {
    return false;
  }

  /**
   * Opens an empty sequence owned by the calling thread.
   *
   * @param threads processor threads its calls may use, at least 1; a memory configured with a
   *     fixed number ignores it
   */
  MemorySession openSession(int threads);

  /** Releases the weights. Sessions still open must not be used afterwards. */
  @Override
  void close();
}
