package dev.mneme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.Vocabulary.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;

class VocabularyTest {

  private static Vocabulary.Builder base() {
    return Vocabulary.builder()
        .add("<s>", Kind.CONTROL)
        .add("a", Kind.TEXT)
        .add("b", Kind.TEXT)
        .add(new byte[] {(byte) 0xC3}, Kind.TEXT)
        .bos(0);
  }

  @Test
  void equalEntriesHaveNoDifferences() {
    assertThat(base().build().differencesFrom(base().build())).isEmpty();
  }

  @Test
  void unusedEntriesAtTheEndMayDiffer() {
    Vocabulary padded = base().add("[PAD4]", Kind.UNUSED).add("[PAD5]", Kind.UNUSED).build();
    assertThat(base().build().differencesFrom(padded)).isEmpty();
    assertThat(padded.differencesFrom(base().build())).isEmpty();
  }

  @Test
  void aUsedEntryAtTheEndIsADifference() {
    Vocabulary longer = base().add("c", Kind.TEXT).build();
    assertThat(base().build().differencesFrom(longer))
        .singleElement()
        .asString()
        .contains("id 4", "(none)", "\"c\"");
  }

  @Test
  void oneChangedEntryIsNamedWithBothMeanings() {
    Vocabulary other =
        Vocabulary.builder()
            .add("<s>", Kind.CONTROL)
            .add("a", Kind.TEXT)
            .add("x", Kind.TEXT)
            .add(new byte[] {(byte) 0xC4}, Kind.TEXT)
            .bos(0)
            .build();
    assertThat(base().build().differencesFrom(other))
        .containsExactly("id 2 is \"b\" here and \"x\" there", "id 3 is 0xc3 here and 0xc4 there");
  }

  @Test
  void aControlTokenIsNotTheTextThatLooksLikeIt() {
    Vocabulary other =
        Vocabulary.builder()
            .add("<s>", Kind.TEXT)
            .add("a", Kind.TEXT)
            .add("b", Kind.TEXT)
            .add(new byte[] {(byte) 0xC3}, Kind.TEXT)
            .build();
    assertThat(base().build().differencesFrom(other))
        .singleElement()
        .asString()
        .contains("(control)");
  }

  @Test
  void anotherBeginningOfSequenceIsADifference() {
    assertThat(base().build().differencesFrom(base().bos(1).build()))
        .singleElement()
        .asString()
        .contains("begin with id 0 here and 1 there");
  }

  @Test
  void aLongListOfDifferencesIsCutWithTheTotal() {
    var one = Vocabulary.builder();
    var two = Vocabulary.builder();
    for (int id = 0; id < 100; id++) {
      one.add("a" + id, Kind.TEXT);
      two.add("b" + id, Kind.TEXT);
    }
    assertThat(one.build().differencesFrom(two.build()))
        .hasSize(9)
        .last()
        .asString()
        .contains("100 differing ids");
  }

  @Test
  void controlTokensSpellNothing() {
    assertThat(base().build().spell(0, 1, 2, 0)).isEqualTo(new byte[] {'a', 'b'});
  }

  @Test
  void refusesSpecialIdsOutsideTheEntries() {
    assertThatThrownBy(() -> base().end(9).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("9");
    assertThatThrownBy(() -> base().bos(-2)).isInstanceOf(IllegalArgumentException.class);
  }

  private static Vocabulary withMerges(String... rules) {
    return Vocabulary.builder()
        .add("a", Vocabulary.Kind.TEXT)
        .merges(Vocabulary.Merges.of(List.of(rules)))
        .build();
  }

  @Test
  void oneMergeThatDiffersIsADifference() {
    assertThat(withMerges("a b", "c d").differencesFrom(withMerges("a b", "c d"))).isEmpty();
    assertThat(withMerges("a b", "c d").differencesFrom(withMerges("a b", "c e")))
        .containsExactly("texts become other ids, by 2 merges here and 2 others there");
    assertThat(withMerges("a b", "c d").differencesFrom(withMerges("c d", "a b"))).hasSize(1);
    assertThat(withMerges("a b").differencesFrom(withMerges("a b", "c d"))).hasSize(1);
  }

  @Test
  void mergesThatAFileDoesNotHaveAreNotCompared() {
    Vocabulary without = Vocabulary.builder().add("a", Vocabulary.Kind.TEXT).build();
    assertThat(withMerges("a b").differencesFrom(without)).isEmpty();
    assertThat(without.differencesFrom(withMerges("a b"))).isEmpty();
  }
}
