package dev.mneme;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The frozen language model: it gives logits, and nothing ever writes to its weights.
 *
 * <p>Engines implement this; applications usually reach it through {@link MemoryAugmentedModel}.
 * Safe for use by several threads, each with sessions of its own. Whoever opened the host closes
 * it, after its sessions; it owns native memory. Sampling, stop strings and chat formats are not
 * here.
 */
public interface HostModel extends AutoCloseable, ContextLimited {

  /** A short name for messages, usually the file's. */
  String name();

  /** What each token id means. */
  Vocabulary vocabulary();

  /**
   * Text to ids and back.
   *
   * @throws MnemeException if the model comes without a tokenizer
   */
  Tokenizer tokenizer();

  /** Floats in a row of logits; at least the vocabulary's size. */
  int logitWidth();

  /** Tokens a session of this host can hold. */
  @Override
  int contextLength();

  /** What tells this host from others; empty if the engine cannot give activations. */
  Optional<HostIdentity> identity();

  /**
   * Floats in an activation row at a place; empty if this host has none there. May run the host
   * once to find out.
   */
  OptionalInt activationWidth(Tap tap);

  /** Whether it has been closed, after which no model can be made over it. */
  default boolean isClosed() {
    return false;
  }

  /**
   * Opens an empty sequence owned by the calling thread.
   *
   * @param threads processor threads its calls may use, at least 1; a host configured with a fixed
   *     number ignores it
   * @param taps places whose activations are wanted after each call
   * @throws IllegalArgumentException for a tap without {@link #activationWidth}
   */
  HostSession openSession(int threads, Set<Tap> taps);

  /** Opens a sequence without taps. */
  default HostSession openSession(int threads) {
    return openSession(threads, Set.of());
  }

  /** Releases the weights. Sessions still open must not be used afterwards. */
  @Override
  void close();
}
