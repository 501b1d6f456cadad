package dev.mneme.llamacpp.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SplitDepthTest {

  @Test
  void ordinaryTextIsShallowHoweverLongItIs() {
    String text = "The court held that the appeal is dismissed.\n".repeat(10_000);
    assertThat(SplitDepth.of(text, "qwen2")).isLessThan(40);
  }

  @Test
  void aMatchSpansAtMostThreeRunsInARow() {
    String text = "x" + " ".repeat(10) + "a".repeat(20) + "\n".repeat(30) + "y z";
    assertThat(SplitDepth.of(text, "qwen2")).isEqualTo(60);
  }

  @Test
  void whatMayBeABlankEndsNoRun() {
    assertThat(SplitDepth.of("a\u00a0b\u3000c\u200bd\u0085e", "tekken")).isEqualTo(9);
  }

  @Test
  void theWholeTextCountsWhereThePatternsAreNotKnown() {
    assertThat(SplitDepth.of("one two three four five six", "of-next-year")).isEqualTo(27);
  }

  @Test
  void anEmptyTextHasNoDepth() {
    assertThat(SplitDepth.of("", "qwen2")).isZero();
  }
}
