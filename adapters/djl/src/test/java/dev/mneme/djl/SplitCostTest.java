package dev.mneme.djl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mneme.djl.internal.CharKind;
import dev.mneme.djl.internal.RunLimit;
import dev.mneme.store.hf.SplitPatterns;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SplitCostTest {

  private static final RunLimit WORDS =
      new RunLimit(Set.of(CharKind.LETTER, CharKind.MARK), RunLimit.MOST);

  @Test
  void publishedPatternsTakeRunsOfTwoMillion() {
    assertThat(SplitCost.limits(SplitPatterns.QWEN2).orElseThrow())
        .containsExactly(RunLimit.WHITE_SPACE);
    assertThat(SplitCost.limits(SplitPatterns.LLAMA3).orElseThrow())
        .containsExactly(RunLimit.WHITE_SPACE);
    assertThat(SplitCost.limits(SplitPatterns.TEKKEN).orElseThrow())
        .containsExactlyInAnyOrder(WORDS, RunLimit.WHITE_SPACE);
    assertThat(SplitCost.limits(SplitPatterns.GPT4O).orElseThrow())
        .containsExactlyInAnyOrder(WORDS, RunLimit.WHITE_SPACE);
    assertThat(SplitCost.limits(SplitPatterns.BLOOM).orElseThrow()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[\r\n]",
        "\\s?\\p{L}+",
        "\\s?[!-/:-~\uff01-\uff0f]+",
        "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+",
        "\\p{N}{1,3}",
        "[0-9][0-9][0-9]",
        " ?[^\\s]+",
        "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|.",
        "(?>\\s+)x",
        "[a-z&&[^aeiou]]+"
      })
  void aPatternThatStepsBackNoFurtherThanARunPasses(String regex) {
    assertThat(SplitCost.limits(regex)).isPresent();
  }

  @Test
  void aRunThatNoAlternativeTakesWholeMustBeShort() {
    assertThat(SplitCost.limits("\\s+$").orElseThrow())
        .containsExactly(new RunLimit(Set.of(CharKind.WHITE_SPACE), 20_000));
    assertThat(SplitCost.limits("\\d{1,3}(?=(?:\\d{3})*\\b)").orElseThrow())
        .singleElement()
        .extracting(RunLimit::longest)
        .isEqualTo(20_000);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(a*)*b",
        "(a+)+$",
        "(?:a|a)*b",
        "(a|aa)+b",
        "\\p{L}*\\p{L}*x",
        "\\s*\\s*\\s*x",
        ".*.*=.*",
        "(\\s*\\n)+x",
        "(?:\\w+\\s?)*$",
        "(?=a*a*b)c",
        "(x+x+)+y"
      })
  void aPatternThatStepsBackMoreOftenDoesNotPass(String regex) {
    assertThat(SplitCost.limits(regex)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(a)\\1",
        "(?<n>a)",
        "\\g<n>",
        "(?(1)a|b)",
        "a{2,3}+",
        "[[:alpha:]]+",
        "(a",
        "a)",
        "[a",
        "*a",
        "\\K",
        "\\"
      })
  void syntaxThatIsNotKnownDoesNotPass(String regex) {
    assertThat(SplitCost.limits(regex)).isEmpty();
  }

  @Test
  void aDeepNestIsNotRead() {
    assertThat(SplitCost.limits("(".repeat(100_000))).isEmpty();
    assertThat(SplitCost.limits("[".repeat(100_000))).isEmpty();
  }
}
