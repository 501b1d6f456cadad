package dev.mneme.trainer.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CorpusTest {
  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"c.txt", "c.txt.gz"})
  void documentsAreBlocksBetweenEmptyLines(String name) {
    Path file = TestText.write(directory.resolve(name), "Title\nline é\n\nsecond\n\n\nthird");
    assertThat(texts(Corpus.of(file))).containsExactly("Title\nline é", "second", "third");
  }

  @Test
  void packedTextIsKnownByItsBytesNotByItsName() throws IOException {
    byte[] packed = TestText.gzip("a\n\nb\n".getBytes(StandardCharsets.UTF_8));
    Path file = Files.write(directory.resolve("c.txt"), packed);
    assertThat(texts(Corpus.of(file))).containsExactly("a", "b");
  }

  @Test
  void lineEndsOfWindowsAndAByteOrderMarkAreRead() {
    Path file = TestText.write(directory.resolve("c.txt"), "\uFEFFa\r\nb\r\n\r\nc\r\n");
    assertThat(texts(Corpus.of(file))).containsExactly("a\nb", "c");
  }

  @Test
  void documentsLongerThanTheReadBufferStayWhole() {
    String text = "x".repeat(65_534) + "\n" + "y".repeat(200_000);
    Path file = TestText.write(directory.resolve("c.txt"), text + "\n\nz\n");
    assertThat(texts(Corpus.of(file))).containsExactly(text, "z");
  }

  @Test
  void aBlankDocumentIsNone() {
    Path file = TestText.write(directory.resolve("c.txt"), "a\n\n \t\n\nb");
    assertThat(texts(Corpus.of(file))).containsExactly("a", "b");
  }

  @Test
  void severalFilesFollowEachOtherAndDocumentsKnowTheirPlace() {
    Path first = TestText.write(directory.resolve("1.txt"), "a\n\nb\n");
    Path second = TestText.write(directory.resolve("2.txt"), "c\n");
    try (Stream<Document> documents = Corpus.of(first, second).documents()) {
      assertThat(documents)
          .containsExactly(
              new Document(first, 1, Optional.empty(), "a"),
              new Document(first, 2, Optional.empty(), "b"),
              new Document(second, 1, Optional.empty(), "c"));
    }
  }

  @Test
  void sourcesCanBeChosenAndLeftOut() {
    Path file = labelled("a\n\nb\n\nc\n", "x\ny\nx\n");
    assertThat(texts(Corpus.of(file))).containsExactly("a", "b", "c");
    assertThat(texts(Corpus.of(file).only("x"))).containsExactly("a", "c");
    assertThat(texts(Corpus.of(file).without("x"))).containsExactly("b");
  }

  @Test
  void aSourceThatIsNowhereIsAnErrorNamingThoseThere() {
    Corpus corpus = Corpus.of(labelled("a\n\nb\n", "x\ny\n")).without("scotus");
    assertThatThrownBy(corpus::documents)
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("\"scotus\"")
        .hasMessageContaining("[x, y]");
  }

  @Test
  void choosingSourcesWithoutLabelsIsAnErrorNamingTheirFile() {
    Path file = TestText.write(directory.resolve("train.txt.gz"), "a\n");
    assertThatThrownBy(Corpus.of(file).only("x")::documents)
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("train.sources.txt.gz");
  }

  @ParameterizedTest
  @ValueSource(strings = {"x\n", "x\nx\nx\n"})
  void labelsNotOneToOne(String labels) {
    Corpus corpus = Corpus.of(labelled("a\n\nb\n", labels));
    assertThatThrownBy(() -> texts(corpus))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("one to one");
  }

  @ParameterizedTest
  @ValueSource(strings = {"c.txt", "c.txt.gz"})
  void notUtf8(String name) {
    byte[] text = "good é\n\nbad: ?\n".getBytes(StandardCharsets.UTF_8);
    text[14] = (byte) 0xE9; // é in Latin-1
    Path file = TestText.write(directory.resolve(name), text);
    assertThatThrownBy(() -> texts(Corpus.of(file)))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining(name)
        .hasMessageContaining("document 2")
        .hasMessageContaining("0xE9 at offset 14");
  }

  @Test
  void notUtf8BehindManyDocuments() {
    byte[] good = "text ü\n\n".repeat(20_000).getBytes(StandardCharsets.UTF_8);
    byte[] text = Arrays.copyOf(good, good.length + 1);
    text[good.length] = (byte) 0xC3; // the first half of a character
    Path file = TestText.write(directory.resolve("c.txt.gz"), text);
    assertThatThrownBy(() -> texts(Corpus.of(file)))
        .hasMessageContaining("document 20001")
        .hasMessageContaining("offset " + good.length + " of the text (unpacked)");
  }

  @Test
  void gzipCutShort() throws IOException {
    byte[] packed = TestText.gzip(TestText.sentences(1, 5000).getBytes(StandardCharsets.UTF_8));
    Path file = directory.resolve("c.txt.gz");
    Files.write(file, Arrays.copyOf(packed, packed.length / 2));
    assertThatThrownBy(() -> texts(Corpus.of(file)))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("damaged or cut gzip file");
  }

  @Test
  void aMissingFileIsNamed() {
    Corpus corpus = Corpus.of(directory.resolve("nowhere.txt"));
    assertThatThrownBy(() -> texts(corpus))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("nowhere.txt");
  }

  @Test
  void anEmptyCorpusIsRefusedWithWhatIsNeeded() {
    Corpus corpus = Corpus.of(TestText.write(directory.resolve("c.txt"), "\n\n"));
    assertThatThrownBy(() -> corpus.requireAtLeast(1, 10_000, "training"))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("found 0 documents with 0 characters")
        .hasMessageContaining("training needs at least 1 documents with 10,000 characters");
  }

  @Test
  void aTinyCorpusIsRefusedWithWhatWasFound() {
    Corpus corpus = Corpus.of(TestText.write(directory.resolve("c.txt"), "abc\n\nde\n"));
    corpus.requireAtLeast(2, 5, "training");
    assertThatThrownBy(() -> corpus.requireAtLeast(2, 6, "training"))
        .hasMessageContaining("found 2 documents with 5 characters");
    assertThatThrownBy(() -> corpus.requireAtLeast(3, 5, "training"))
        .hasMessageContaining("found 2 documents with 5 characters");
  }

  @Test
  void readingStopsBeforeTheDocumentThatWouldBeTooMuch() {
    Path file = TestText.write(directory.resolve("c.txt"), "aaa\n\néé\n\nb\n\nc\n");
    assertThat(texts(Corpus.of(file).atMost(6))).containsExactly("aaa");
    assertThat(texts(Corpus.of(file).atMost(7))).containsExactly("aaa", "éé");
    assertThat(texts(Corpus.of(file).atMost(8))).containsExactly("aaa", "éé", "b");
    assertThat(texts(Corpus.of(file).atMost(9))).hasSize(4);
  }

  @Test
  void aPartAndItsRestMakeTheWhole() {
    var text = new StringBuilder();
    for (int i = 0; i < 2000; i++) {
      text.append("document ").append(i).append("\n\n");
    }
    Corpus all = Corpus.of(TestText.write(directory.resolve("c.txt"), text.toString()));
    DocumentSplit tenth = DocumentSplit.part(7, 0.1);
    List<String> part = texts(all.part(tenth));
    List<String> rest = texts(all.part(tenth.rest()));
    assertThat(part).hasSizeBetween(160, 240).doesNotContainAnyElementsOf(rest);
    assertThat(part.size() + rest.size()).isEqualTo(2000);
    assertThat(texts(all.part(DocumentSplit.part(8, 0.1)))).isNotEqualTo(part);
  }

  private Path labelled(String text, String labels) {
    TestText.write(directory.resolve("train.sources.txt.gz"), labels);
    return TestText.write(directory.resolve("train.txt.gz"), text);
  }

  private static List<String> texts(Corpus corpus) {
    try (Stream<Document> documents = corpus.documents()) {
      return documents.map(Document::text).toList();
    }
  }
}
