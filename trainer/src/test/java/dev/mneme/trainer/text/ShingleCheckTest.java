package dev.mneme.trainer.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MnemeException;
import dev.mneme.trainer.text.ShingleCheck.Overlap;
import dev.mneme.trainer.text.ShingleCheck.Report;
import dev.mneme.trainer.text.ShingleCheck.Settings;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ShingleCheckTest {

  @Test
  void textOfItsOwnSharesNothing() {
    Report report = compare(List.of(words(0, 100)), List.of(words(1000, 1100)));
    assertThat(report.overlaps())
        .containsExactly(new Overlap("document 1 of valid.txt", 88, 0, Optional.empty()));
    report.requireApart(false);
  }

  @Test
  void aCopiedPassageCountsWithAllItsShingles() {
    // 50 of the 100 words are copied: 38 shingles lie wholly inside.
    Report report =
        compare(
            List.of(words(2000, 2100), words(500, 600) + " " + words(0, 50)),
            List.of(words(0, 100)));
    assertThat(report.overlaps())
        .containsExactly(
            new Overlap("document 1 of valid.txt", 88, 38, Optional.of("document 2 of train.txt")));
  }

  @Test
  void layoutPunctuationAndCaseDoNotHideACopy() {
    String text = words(0, 40);
    String disguised = text.replace(" ", ",\n  «") + "!";
    Report report = compare(List.of(disguised.toUpperCase(Locale.ROOT)), List.of(text));
    assertThat(report.overlaps().getFirst().share()).isEqualTo(1);
  }

  @Test
  void theSameWordsInAnotherOrderAreOtherText() {
    List<String> words = List.of(words(0, 40).split(" "));
    Report report =
        compare(List.of(String.join(" ", words.reversed())), List.of(String.join(" ", words)));
    assertThat(report.overlaps().getFirst().shared()).isZero();
  }

  @Test
  void shinglesDoNotReachFromOneDocumentIntoTheNext() {
    Report report = compare(List.of(words(0, 12), words(12, 24)), List.of(words(0, 24)));
    assertThat(report.overlaps().getFirst().shared()).isZero();
  }

  @Test
  void aDocumentShorterThanAShingleIsNotJudged() {
    Report report = compare(List.of(words(0, 12)), List.of(words(0, 12), "", "…"));
    assertThat(report.overlaps()).allMatch(o -> o.shingles() == 0 && o.share() == 0);
    report.requireApart(false);
  }

  @Test
  void moreThanTheLimitIsRefusedNamingDocumentsAndWhatToDo() {
    Report report =
        compare(List.of(words(0, 60)), List.of(words(3000, 3100), words(10, 50), words(40, 140)));
    assertThat(report.contained()).hasSize(1);
    assertThatThrownBy(() -> report.requireApart(false))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("1 of 3 evaluation documents")
        .hasMessageContaining(
            "document 2 of valid.txt: 28 of 28 (100 %), most of them in document 1 of train.txt")
        .hasMessageContaining("force");
    assertThatCode(() -> report.requireApart(true)).doesNotThrowAnyException();
  }

  @Test
  void exactlyTheLimitIsAllowed() {
    // 22 words have 10 shingles, 15 words 3 of them.
    Report report = compare(List.of(words(0, 15)), List.of(words(0, 22)));
    assertThat(report.overlaps().getFirst().shared()).isEqualTo(3);
    report.requireApart(false);
  }

  @Test
  void aLongTextIsComparedWhole() {
    String text = TestText.sentences(3, 30_000);
    Report report = compare(List.of(text), List.of(text));
    assertThat(report.overlaps().getFirst().shared())
        .isEqualTo(report.overlaps().getFirst().shingles())
        .isGreaterThan(20_000);
  }

  private static Report compare(List<String> training, List<String> evaluation) {
    return ShingleCheck.compare(
        documents("train.txt", training), documents("valid.txt", evaluation), Settings.defaults());
  }

  private static Stream<Document> documents(String file, List<String> texts) {
    return IntStream.range(0, texts.size())
        .mapToObj(i -> new Document(Path.of(file), i + 1, Optional.empty(), texts.get(i)));
  }

  private static String words(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> "wörd" + i).collect(Collectors.joining(" "));
  }
}
