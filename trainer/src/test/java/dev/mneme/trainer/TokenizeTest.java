package dev.mneme.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.trainer.text.BpeEncoder;
import dev.mneme.trainer.text.BpeTokenizer;
import dev.mneme.trainer.text.BpeTrainer;
import dev.mneme.trainer.text.Corpus;
import dev.mneme.trainer.text.Document;
import dev.mneme.trainer.text.DocumentSplit;
import dev.mneme.trainer.text.TestText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizeTest {

  /** Thrown by a progress listener, to stop a run as a kill would. */
  private static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  @TempDir Path directory;
  private Path text = Path.of("");
  private Path tokenizer = Path.of("");
  private Path output = Path.of("");

  @BeforeEach
  void makeInputs() {
    text =
        TestText.write(
            directory.resolve("train.txt.gz"),
            IntStream.range(0, 40)
                .mapToObj(i -> TestText.sentences(i, 100))
                .collect(Collectors.joining("\n\n")));
    try (Stream<Document> documents = Corpus.of(text).documents()) {
      BpeTrainer.train(documents, BpeTrainer.Settings.ofSize(300)).write(directory);
    }
    tokenizer = directory.resolve("tokenizer.json");
    output = directory.resolve("out").resolve("train.ids");
  }

  @Test
  void everyDocumentBecomesTheBeginIdAndItsIds() {
    var encoder = new BpeEncoder(BpeTokenizer.read(tokenizer));
    var characters = new AtomicLong();
    try (TokenFile made = tokenize(Corpus.of(text)).run(characters::addAndGet)) {
      assertThat(made.documents()).isEqualTo(40);
      assertThat(made.tokenizerDigest()).isEqualTo(encoder.tokenizer().digest());
      assertThat(made.vocabulary()).isEqualTo(300);
      for (int i = 0; i < 40; i++) {
        String document = TestText.sentences(i, 100);
        characters.addAndGet(-document.length());
        assertThat(made.document(i)).startsWith(0).isEqualTo(encoder.encodeDocument(document));
      }
    }
    assertThat(characters).hasValue(0);
  }

  @Test
  void runAgainItDoesNothing() throws IOException {
    tokenize(Corpus.of(text)).run(n -> {}).close();
    Files.setLastModifiedTime(output, FileTime.fromMillis(1000));
    tokenize(Corpus.of(text)).run(n -> assertThat(n).as("tokenized again").isNegative()).close();
    assertThat(Files.getLastModifiedTime(output).toMillis()).isEqualTo(1000);
  }

  @Test
  void otherTextOtherPartOrOtherTokenizerIsTokenizedAgain() {
    String first = origin(Corpus.of(text));
    String part = origin(Corpus.of(text).part(DocumentSplit.part(1, 0.5)));
    TestText.write(text, TestText.sentences(99, 3000));
    String otherText = origin(Corpus.of(text));
    BpeTrainer.train(
            Stream.of(new Document(text, 1, Optional.empty(), "abab cdcd cdcd")),
            BpeTrainer.Settings.ofSize(258))
        .write(directory);
    String otherTokenizer = origin(Corpus.of(text));
    assertThat(List.of(first, part, otherText, otherTokenizer)).doesNotHaveDuplicates();
  }

  @Test
  void stoppedAnywhereItGoesOnToTheSameBytes() throws IOException {
    tokenize(Corpus.of(text)).run(n -> {}).close();
    byte[] whole = Files.readAllBytes(output);
    for (int stop : new int[] {1, 17, 40}) {
      Files.delete(output);
      var seen = new AtomicLong();
      assertThatThrownBy(
              () ->
                  tokenize(Corpus.of(text))
                      .run(
                          n -> {
                            if (seen.incrementAndGet() == stop) {
                              throw new Stopped();
                            }
                          }))
          .isInstanceOf(Stopped.class);
      assertThat(output).doesNotExist();
      assertThat(output.resolveSibling("train.ids.partial.ends")).hasSize(8L * stop);
      tokenize(Corpus.of(text)).run(n -> {}).close();
      assertThat(Files.readAllBytes(output)).isEqualTo(whole);
    }
  }

  @Test
  void aDamagedTokenFileIsMadeAgain() throws IOException {
    tokenize(Corpus.of(text)).run(n -> {}).close();
    byte[] whole = Files.readAllBytes(output);
    Files.write(output, Arrays.copyOf(whole, whole.length - 1));
    tokenize(Corpus.of(text)).run(n -> {}).close();
    assertThat(Files.readAllBytes(output)).isEqualTo(whole);
  }

  @Test
  void aManifestThatAKillPreventedIsWritten() throws IOException {
    tokenize(Corpus.of(text)).run(n -> {}).close();
    byte[] manifest = Files.readAllBytes(StageManifest.fileOf(output));
    Files.delete(StageManifest.fileOf(output));
    tokenize(Corpus.of(text)).run(n -> {}).close();
    assertThat(Files.readAllBytes(StageManifest.fileOf(output))).isEqualTo(manifest);
  }

  @Test
  void theManifestSaysWhatTheIdsWereMadeFrom() throws IOException {
    Corpus corpus = Corpus.of(text).part(DocumentSplit.part(11, 0.5).rest());
    try (TokenFile made = tokenize(corpus).run(n -> {})) {
      JsonNode json = new ObjectMapper().readTree(StageManifest.fileOf(output).toFile());
      assertThat(json.at("/stage").textValue()).isEqualTo("tokenize");
      assertThat(json.at("/inputs/0/name").textValue()).isEqualTo("tokenizer.json");
      assertThat(json.at("/inputs/0/sha256").textValue()).isEqualTo(made.tokenizerDigest());
      assertThat(json.at("/inputs/1/bytes").longValue()).isEqualTo(Files.size(text));
      assertThat(json.at("/settings/corpora/0/part/seed").longValue()).isEqualTo(11);
      assertThat(json.at("/settings/corpora/0/part/complement").booleanValue()).isTrue();
      assertThat(json.at("/results/ids").longValue()).isEqualTo(made.size());
      assertThat(json.at("/digest").textValue()).isEqualTo(made.origin());
      assertThat(json.toString()).doesNotContain(directory.toString());
    }
  }

  @Test
  void severalCorporaFollowEachOther() {
    Path other = TestText.write(directory.resolve("general.txt"), TestText.sentences(77, 400));
    try (TokenFile made =
        new Tokenize(List.of(Corpus.of(other), Corpus.of(text)), tokenizer, output, 100)
            .run(n -> {})) {
      assertThat(made.documents()).isEqualTo(41);
      assertThat(made.end(0)).isGreaterThan(400);
    }
  }

  @Test
  void aTinyCorpusIsRefusedAndNothingIsWritten() {
    Path tiny = TestText.write(directory.resolve("tiny.txt"), "just this\n");
    assertThatThrownBy(() -> new Tokenize(List.of(Corpus.of(tiny)), tokenizer, output).run(n -> {}))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("found 1 documents with 9 characters")
        .hasMessageContaining("10,000 characters");
    assertThat(output.getParent()).doesNotExist();
  }

  @Test
  void bytesThatAreNotUtf8StopTheStageWithoutAFile() throws IOException {
    Path plain = TestText.write(directory.resolve("c.txt"), TestText.sentences(1, 3000));
    Files.write(plain, new byte[] {'\n', '\n', (byte) 0xFF}, StandardOpenOption.APPEND);
    assertThatThrownBy(() -> tokenize(Corpus.of(plain)).run(n -> {}))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("document 2");
    assertThat(output).doesNotExist();
  }

  private String origin(Corpus corpus) {
    try (TokenFile made = tokenize(corpus).run(n -> {})) {
      return made.origin();
    }
  }

  private Tokenize tokenize(Corpus corpus) {
    return new Tokenize(List.of(corpus), tokenizer, output, 1000);
  }
}
