package dev.mneme.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.mneme.trainer.LearningRate.Decay;
import org.junit.jupiter.api.Test;

final class LearningRateTest {

  @Test
  void theRateClimbsToThePeakAndFallsAlongACosineToItsFloor() {
    var rate = new LearningRate(0.01, 10, 110, Decay.COSINE, 0.1);
    assertThat(rate.at(0)).isCloseTo(0.001, within(1e-12));
    assertThat(rate.at(9)).isCloseTo(0.01, within(1e-12));
    assertThat(rate.at(10)).isCloseTo(0.01, within(1e-12));
    assertThat(rate.at(60)).isCloseTo(0.0055, within(1e-12));
    assertThat(rate.at(110)).isCloseTo(0.001, within(1e-12));
  }

  @Test
  void theLinearRateFallsEvenly() {
    var rate = new LearningRate(0.01, 0, 100, Decay.LINEAR, 0);
    assertThat(rate.at(25)).isCloseTo(0.0075, within(1e-12));
    assertThat(rate.at(100)).isZero();
  }

  @Test
  void aWarmupThatNeverEndsIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LearningRate(0.01, 100, 100, Decay.LINEAR, 0))
        .withMessageContaining("warm-up");
  }
}
