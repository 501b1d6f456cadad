package dev.mneme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.Vocabulary.Kind;
import dev.mneme.testing.BigramModel;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Stop strings that are the name of a token that spells nothing. */
class StopTokensTest {

  private static final Vocabulary VOCABULARY =
      Vocabulary.builder()
          .add("<s>", Kind.CONTROL)
          .add("<|im_end|>", Kind.CONTROL)
          .add("<s>", Kind.TEXT)
          .add("<unused0>", Kind.UNUSED)
          .add("|", Kind.CONTROL)
          .add("", Kind.CONTROL)
          .add("end", Kind.CONTROL)
          .add("<|im_end|>", Kind.CONTROL)
          .build();

  private static Iterable<Integer> ids(String... stops) {
    return StopTokens.named(List.of(stops), VOCABULARY);
  }

  @Test
  void aNameStandsForEveryTokenThatHasIt() {
    assertThat(ids("<s>")).containsExactly(0);
    assertThat(ids("<|im_end|>")).containsExactly(1, 7);
    assertThat(ids("<unused0>", "x", "<s>")).containsExactly(0, 3);
    assertThat(ids("|")).containsExactly(4);
  }

  @Test
  void otherTextsStandForNone() {
    assertThat(ids()).isEmpty();
    assertThat(ids("a", ".", "<s", "s>", "a|b", "<unused0>x")).isEmpty();
  }

  @Test
  void aNameBesideOtherTextIsRefusedWithTheStopIdToUse() {
    for (String stop : List.of("\n<|im_end|>", "<|im_end|>\n", "a<s>b", "<s><s>")) {
      assertThatThrownBy(() -> ids("x", stop))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll(stop, "control token", "stop id");
    }
  }

  @Test
  void aGenerationEndsAtTheControlTokenItsStopStringNames() {
    var host = new BigramModel("host", 1);
    float[] row = host.row(3, 4);
    row[0] = 100; // <s>
    try (var model = MemoryAugmentedModel.over(host)) {
      GenerationRequest request = GenerationRequest.of("abc").withMaxTokens(5);
      Generation generation = model.generate(request.withStopStrings(List.of("<s>")));
      assertThat(generation.finish()).isEqualTo(Generation.Finish.END_TOKEN);
      assertThat(generation.text()).isEmpty();
      assertThat(generation.tokens()).extracting(GeneratedToken::id).containsExactly(0);
      assertThat(model.generate(request).tokens()).hasSizeGreaterThan(1);
      assertThatThrownBy(() -> model.generate(request.withStopStrings(List.of("a<s>"))))
          .hasMessageContaining("stop id 0");
    }
    assertThat(host.openSessions()).isZero();
  }
}
