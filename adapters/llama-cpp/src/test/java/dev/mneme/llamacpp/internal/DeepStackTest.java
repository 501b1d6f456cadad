package dev.mneme.llamacpp.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MnemeException;
import org.junit.jupiter.api.Test;

class DeepStackTest {

  private static final long MEGABYTE = 1 << 20;

  private final DeepStack stacks = new DeepStack(256 * MEGABYTE);

  private static int depth(int left) {
    return left == 0 ? 0 : 1 + depth(left - 1);
  }

  @Test
  void recursesFarDeeperThanTheCallersStackAllows() {
    assertThat(stacks.<Integer>call(200 * MEGABYTE, "this", () -> depth(300_000)))
        .isEqualTo(300_000);
  }

  @Test
  void refusesAStackOfWhichNotEvenHalfFitsTheMachinesMemory() {
    assertThatThrownBy(() -> stacks.call(600 * MEGABYTE, "a run of 7 characters", () -> 1))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("a run of 7 characters")
        .hasMessageContaining("600 MB")
        .hasMessageContaining("256 MB");
  }

  @Test
  void throwsWhatTheComputationThrows() {
    assertThatThrownBy(
            () ->
                stacks.call(
                    MEGABYTE,
                    "this",
                    () -> {
                      throw new IllegalStateException("mine");
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("mine");
  }

  @Test
  void afterAFailureTheShareIsFreeAgain() {
    for (int i = 0; i < 10; i++) {
      assertThatThrownBy(
              () ->
                  stacks.call(
                      128 * MEGABYTE,
                      "this",
                      () -> {
                        throw new IllegalStateException("mine");
                      }))
          .hasMessage("mine");
    }
    assertThat(stacks.<Integer>call(128 * MEGABYTE, "this", () -> 7)).isEqualTo(7);
  }
}
