package dev.mneme.trainer.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

class Gpt2WordsProperties {
  private static final Pattern GPT2 =
      Pattern.compile(
          "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
          Pattern.UNICODE_CHARACTER_CLASS);

  @Property(tries = 5000)
  void wordsAreWhatThePatternFinds(@ForAll("texts") String text) {
    List<String> expected = GPT2.matcher(text).results().map(r -> r.group()).toList();
    var words = new ArrayList<String>();
    for (int start = 0; start < text.length(); ) {
      int end = Gpt2Words.end(text, start);
      words.add(text.substring(start, end));
      start = end;
    }
    assertThat(words).isEqualTo(expected);
  }

  @Provide
  Arbitrary<String> texts() {
    Arbitrary<Integer> awkward =
        "'strevmld \t\n\r  .,-_19²½Ⅷ٣éüß\u0301中文ไ\u00a0\u0085\u2003\u3000\u200b\ufeff😀𝒜𝟙"
            .codePoints()
            .boxed()
            .collect(Collectors.collectingAndThen(Collectors.toList(), Arbitraries::of));
    Arbitrary<Integer> any =
        Arbitraries.integers().between(0, 0x10FFFF).filter(c -> c < 0xD800 || c > 0xDFFF);
    return Arbitraries.frequencyOf(Tuple.of(9, awkward), Tuple.of(1, any))
        .list()
        .ofMaxSize(40)
        .map(
            codePoints -> {
              var text = new StringBuilder();
              codePoints.forEach(text::appendCodePoint);
              return text.toString();
            });
  }
}
