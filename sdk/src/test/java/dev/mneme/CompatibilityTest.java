package dev.mneme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Reports of everything that does not fit. */
class CompatibilityTest {

  @Test
  void whatFitsHasNoReasonsAndIsLetThrough() {
    var report = new Compatibility("law", "host", List.of());
    assertThat(report.fits()).isTrue();
    report.require();
  }

  @Test
  void allReasonsAreInOneMessage() {
    var report = new Compatibility("law", "host", List.of("too wide")).and("too deep");
    assertThat(report.fits()).isFalse();
    assertThat(report.reasons()).containsExactly("too wide", "too deep");
    assertThatThrownBy(report::require)
        .isInstanceOf(IncompatibleMemoryException.class)
        .hasMessageContainingAll("law", "host", "too wide", "too deep");
  }
}
