package dev.mneme;

import com.google.common.collect.ImmutableList;
import java.time.Duration;
import java.util.List;

/**
 * A finished generation.
 *
 * @param text what was generated, without the prompt and without a stop string
 * @param tokens every token drawn, a closing end token included
 * @param finish why it ended
 * @param memories exactly what took part, in order of attachment; fixed when the generation began
 * @param promptTokens tokens of the prompt
 * @param hostOnlyTokens tokens for which a memory was left out by {@link
 *     InvalidMemoryPolicy#USE_HOST}
 * @param promptSeconds time to take in the prompt
 * @param decodeSeconds time for everything after it
 */
public record Generation(
    String text,
    List<GeneratedToken> tokens,
    Finish finish,
    List<MemoryUse> memories,
    int promptTokens,
    int hostOnlyTokens,
    double promptSeconds,
    double decodeSeconds) {

  public Generation {
    tokens = ImmutableList.copyOf(tokens);
    memories = ImmutableList.copyOf(memories);
  }

  private static final double NANOS = 1e9; // in a second

  /** Why a generation ended. */
  public enum Finish {
    /** The model ended its text. */
    END_TOKEN,
    /** A stop string appeared. */
    STOP_STRING,
    /** The asked number of tokens is reached. */
    MAX_TOKENS,
    /** Host or a memory cannot hold another token. */
    CONTEXT_FULL,
    /** The thread was interrupted; its interrupt status is still set. */
    CANCELLED
  }

  /** Time to take in the prompt. */
  public Duration promptTime() {
    return duration(promptSeconds);
  }

  /** Time for everything after the prompt. */
  public Duration decodeTime() {
    return duration(decodeSeconds);
  }

  private static Duration duration(double seconds) {
    return Duration.ofNanos(Math.round(seconds * NANOS));
  }

  /** Tokens per second after the prompt. */
  public double tokensPerSecond() {
    return tokens.size() / Math.max(1 / NANOS, decodeSeconds);
  }
}
