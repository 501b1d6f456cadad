package dev.mneme.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mneme.FloatRows;

/** Rows of one computation against those of another. */
final class CloseRows {

  private CloseRows() {}

  static void assertClose(FloatRows actual, FloatRows expected, double tolerance) {
    assertThat(actual.count()).isEqualTo(expected.count());
    for (int row = 0; row < expected.count(); row++) {
      for (int i = 0; i < expected.width(); i++) {
        assertThat((double) actual.get(row, i))
            .as("row %d, float %d", row, i)
            .isCloseTo(expected.get(row, i), within(tolerance));
      }
    }
  }
}
