package dev.mneme.store.hf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mneme.store.hf.RopeScaling.Yarn;
import dev.mneme.store.hf.RopeScaling.Yarn.Ramp;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Divisors of rotary frequencies; the numbers are those that transformers 5.24 computes. */
class RopeScalingTest {

  @Test
  void yarnKeepsHighFrequenciesAndDividesLowOnes() {
    double[] divisors = new Yarn(4, 1.1, new Ramp(32, 1, true), 2048).divisors(64, 10_000);
    assertThat(divisors).hasSize(32).isSorted();
    assertThat(divisors[8]).isEqualTo(1);
    assertThat(divisors[12]).isCloseTo(1.3, within(1e-6));
    assertThat(divisors[16]).isCloseTo(1.857143, within(1e-6));
    assertThat(divisors[20]).isCloseTo(3.25, within(1e-6));
    assertThat(divisors[22]).isEqualTo(4);
    assertThat(divisors[31]).isEqualTo(4);
  }

  @Test
  void yarnsRampMayEndBetweenPairs() {
    double[] divisors = new Yarn(4, 1.1, new Ramp(24, 2, false), 32_768).divisors(64, 1e6);
    assertThat(divisors[12]).isEqualTo(1);
    assertThat(divisors[13]).isCloseTo(1.075042, within(1e-6));
    assertThat(divisors[14]).isCloseTo(1.250173, within(1e-6));
    assertThat(divisors[18]).isCloseTo(3.588594, within(1e-6));
    assertThat(divisors[20]).isEqualTo(4);
  }

  @Test
  void longRopeHoldsUpToTheOriginalContext() {
    var scaling = new RopeScaling.LongRope(List.of(1.0, 1.5), 1.2, 100);
    assertThat(scaling.divisors(4, 10_000)).containsExactly(1, 1.5);
    assertThat(scaling.longestSequence(400)).isEqualTo(100);
    assertThat(scaling.longestSequence(50)).isEqualTo(50);
    assertThat(new RopeScaling.Linear(2).longestSequence(400)).isEqualTo(400);
  }
}
