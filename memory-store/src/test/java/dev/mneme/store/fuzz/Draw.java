package dev.mneme.store.fuzz;

import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The choices behind one input, all of them following from a seed, a target's name and a number.
 */
public final class Draw {

  private final SplittableRandom random;

  /** The draw for an input. */
  public Draw(long seed, String target, long number) {
    this.random =
        new SplittableRandom(
            Hashing.sipHash24(seed, number).hashString(target, StandardCharsets.UTF_8).asLong());
  }

  /** A number from 0 up to but not including {@code bound}. */
  public int below(int bound) {
    return random.nextInt(bound);
  }

  /** Any 64 bits. */
  public long bits() {
    return random.nextLong();
  }

  /** True once in so many times. */
  public boolean oneIn(int times) {
    return random.nextInt(times) == 0;
  }

  /** A length from 1 to {@code most}, short ones as likely as long ones. */
  public int length(int most) {
    return 1 + random.nextInt(1 + random.nextInt(most));
  }

  /** One of these. */
  public <T> T of(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }
}
