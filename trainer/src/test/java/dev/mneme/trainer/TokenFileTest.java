package dev.mneme.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenFileTest {
  private static final String TOKENIZER = "ab".repeat(32);
  private static final String ORIGIN = "0c".repeat(32);
  private static final List<int[]> DOCUMENTS =
      List.of(new int[] {0, 5, 40_000}, new int[] {0}, new int[] {0, 65_535, 7, 8, 9});

  @TempDir Path directory;
  private Path file = Path.of("");

  @BeforeEach
  void name() {
    file = directory.resolve("train.ids");
  }

  @ParameterizedTest
  @ValueSource(ints = {65_536, 65_537})
  void whatIsWrittenIsRead(int vocabulary) throws IOException {
    write(vocabulary, ORIGIN, DOCUMENTS);
    int idBytes = vocabulary > 65_536 ? 4 : 2;
    assertThat(Files.size(file)).isEqualTo(128 + (idBytes == 2 ? 24 : 40) + 3 * 8);
    try (TokenFile read = TokenFile.open(file)) {
      assertThat(read.size()).isEqualTo(9);
      assertThat(read.documents()).isEqualTo(3);
      assertThat(read.vocabulary()).isEqualTo(vocabulary);
      assertThat(read.tokenizerDigest()).isEqualTo(TOKENIZER);
      assertThat(read.origin()).isEqualTo(ORIGIN);
      for (int i = 0; i < 3; i++) {
        assertThat(read.document(i)).isEqualTo(DOCUMENTS.get(i));
      }
      assertThat(read.start(2)).isEqualTo(4);
      assertThat(read.get(5)).isEqualTo(65_535);
      int[] across = new int[4];
      read.copy(2, across);
      assertThat(across).containsExactly(40_000, 0, 0, 65_535);
    }
  }

  @Test
  void theBytesAreThoseOfTheFormat() throws IOException {
    write(300, ORIGIN, List.of(new int[] {0, 258}));
    byte[] expected =
        ByteBuffer.allocate(144)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put("MNEMETOK".getBytes(StandardCharsets.US_ASCII))
            .putInt(1)
            .putInt(2)
            .putLong(2)
            .putLong(1)
            .putInt(300)
            .putInt(0)
            .put(HexFormat.of().parseHex(TOKENIZER))
            .put(HexFormat.of().parseHex(ORIGIN))
            .put(new byte[24])
            .put(new byte[] {0, 0, 2, 1, 0, 0, 0, 0})
            .putLong(2)
            .array();
    assertThat(Files.readAllBytes(file)).isEqualTo(expected);
  }

  @Test
  void nothingIsThereUnderTheNameBeforeItIsWhole() throws IOException {
    try (TokenFileWriter writer = open(100, ORIGIN)) {
      writer.add(new int[] {0, 1});
      assertThat(file).doesNotExist();
      writer.finish();
      assertThat(file).exists();
    }
    assertThat(names()).containsExactly("train.ids");
  }

  @Test
  void aStoppedWriterIsContinuedToTheSameBytes() throws IOException {
    write(65_536, ORIGIN, DOCUMENTS);
    byte[] whole = Files.readAllBytes(file);
    Files.delete(file);
    for (int stopped = 0; stopped <= 3; stopped++) {
      try (TokenFileWriter writer = open(65_536, ORIGIN)) {
        DOCUMENTS.subList(0, stopped).forEach(writer::add);
      }
      assertThat(file).doesNotExist();
      try (TokenFileWriter writer = open(65_536, ORIGIN)) {
        assertThat(writer.documents()).isEqualTo(stopped);
        DOCUMENTS.subList(stopped, 3).forEach(writer::add);
        writer.finish();
      }
      assertThat(Files.readAllBytes(file)).isEqualTo(whole);
      Files.delete(file);
    }
  }

  @Test
  void whatAKillLeftBehindTheLastWholeDocumentIsCutOff() throws IOException {
    write(65_536, ORIGIN, DOCUMENTS);
    byte[] whole = Files.readAllBytes(file);
    Files.delete(file);
    try (TokenFileWriter writer = open(65_536, ORIGIN)) {
      writer.add(DOCUMENTS.getFirst());
    }
    append("train.ids.partial", new byte[] {1, 2, 3});
    append("train.ids.partial.ends", new byte[] {9, 0, 0, 0});
    try (TokenFileWriter writer = open(65_536, ORIGIN)) {
      assertThat(writer.documents()).isEqualTo(1);
      DOCUMENTS.subList(1, 3).forEach(writer::add);
      writer.finish();
    }
    assertThat(Files.readAllBytes(file)).isEqualTo(whole);
  }

  @Test
  void aKillJustBeforeTheFileGetsItsNameIsContinued() throws IOException {
    write(65_536, ORIGIN, DOCUMENTS);
    byte[] whole = Files.readAllBytes(file);
    try (TokenFile read = TokenFile.open(file)) {
      ByteBuffer ends = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < 3; i++) {
        ends.putLong(read.end(i));
      }
      Files.write(directory.resolve("train.ids.partial.ends"), ends.array());
    }
    Files.move(file, directory.resolve("train.ids.partial"));
    try (TokenFileWriter writer = open(65_536, ORIGIN)) {
      assertThat(writer.documents()).isEqualTo(3);
      writer.finish();
    }
    assertThat(Files.readAllBytes(file)).isEqualTo(whole);
  }

  @Test
  void whatWasBegunFromOtherInputsIsBegunAnew() {
    try (TokenFileWriter writer = open(65_536, "11".repeat(32))) {
      DOCUMENTS.forEach(writer::add);
    }
    try (TokenFileWriter writer = open(65_536, ORIGIN)) {
      assertThat(writer.documents()).isZero();
      writer.add(new int[] {0, 3});
      writer.finish();
    }
    try (TokenFile read = TokenFile.open(file)) {
      assertThat(read.size()).isEqualTo(2);
    }
  }

  @Test
  void endsLeftFromAnEarlierFileAreNotTakenForThisOnes() throws IOException {
    Files.write(directory.resolve("train.ids.partial.ends"), new byte[] {3, 0, 0, 0, 0, 0, 0, 0});
    try (TokenFileWriter writer = open(65_536, ORIGIN)) {
      assertThat(writer.documents()).isZero();
    }
  }

  @Test
  void aPartialFileShorterThanItsEndsTell() throws IOException {
    try (TokenFileWriter writer = open(65_536, ORIGIN)) {
      DOCUMENTS.forEach(writer::add);
    }
    truncate("train.ids.partial", 130);
    assertThatThrownBy(() -> open(65_536, ORIGIN))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("delete it to begin anew");
  }

  @Test
  void twoWritersOfOneFileAreRefused() {
    try (TokenFileWriter first = open(65_536, ORIGIN)) {
      assertThatThrownBy(() -> open(65_536, ORIGIN))
          .isInstanceOf(MnemeException.class)
          .hasMessageContaining("another run");
      first.add(new int[] {0});
    }
  }

  @Test
  void anIdOutsideTheVocabularyIsRefused() {
    try (TokenFileWriter writer = open(100, ORIGIN)) {
      assertThatThrownBy(() -> writer.add(new int[] {0, 100}))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void largerThanOneGroupOfWrites() {
    int[] large = new int[3_000_000];
    Arrays.setAll(large, i -> i % 60_000);
    write(65_536, ORIGIN, List.of(new int[] {0, 1}, large, new int[] {0, 2}, large));
    try (TokenFile read = TokenFile.open(file)) {
      assertThat(read.document(1)).isEqualTo(large);
      assertThat(read.document(2)).containsExactly(0, 2);
      assertThat(read.document(3)).isEqualTo(large);
    }
  }

  @Test
  void cutShort() throws IOException {
    write(65_536, ORIGIN, DOCUMENTS);
    truncate("train.ids", Files.size(file) - 1);
    assertMalformed("tokenize again");
  }

  @Test
  void shorterThanAHeader() throws IOException {
    Files.write(file, "MNEMETOK".getBytes(StandardCharsets.US_ASCII));
    assertMalformed("8 bytes are less than the header");
  }

  @Test
  void anotherFile() throws IOException {
    Files.write(file, new byte[500]);
    assertMalformed("no token file");
  }

  @Test
  void aNewerVersion() {
    damage(header -> header.putInt(8, 2));
    assertMalformed("expected version 1, found 2");
  }

  @Test
  void idsOfThreeBytes() {
    damage(header -> header.putInt(12, 3));
    assertMalformed("ids of 3 bytes");
  }

  @Test
  void aCountThatOverflows() {
    damage(header -> header.putLong(16, Long.MAX_VALUE / 2));
    assertMalformed("cannot fit");
  }

  @Test
  void anEmptyVocabulary() {
    damage(header -> header.putInt(32, 0));
    assertMalformed("vocabulary 0");
  }

  @Test
  void documentsThatEndBeforeTheyBegin() {
    damage(all -> all.putLong(128 + 24, 6));
    assertMalformed("document 1 ends at id 4, not behind its start at 6");
  }

  @Test
  void idsBehindTheLastDocument() {
    damage(all -> all.putLong(128 + 24 + 16, 8));
    assertMalformed("the documents end at id 8, but there are 9");
  }

  private void damage(Consumer<ByteBuffer> change) {
    write(65_536, ORIGIN, DOCUMENTS);
    try {
      byte[] bytes = Files.readAllBytes(file);
      change.accept(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
      Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void assertMalformed(String message) {
    assertThatThrownBy(() -> TokenFile.open(file))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("train.ids")
        .hasMessageContaining(message);
  }

  private void write(int vocabulary, String origin, List<int[]> documents) {
    try (TokenFileWriter writer = open(vocabulary, origin)) {
      documents.forEach(writer::add);
      writer.finish();
    }
  }

  private TokenFileWriter open(int vocabulary, String origin) {
    return TokenFileWriter.open(file, TokenFileHeader.empty(vocabulary, TOKENIZER, origin));
  }

  private void append(String name, byte[] bytes) throws IOException {
    Files.write(directory.resolve(name), bytes, StandardOpenOption.APPEND);
  }

  private void truncate(String name, long bytes) throws IOException {
    try (var channel = FileChannel.open(directory.resolve(name), StandardOpenOption.WRITE)) {
      channel.truncate(bytes);
    }
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(path -> String.valueOf(path.getFileName())).toList();
    }
  }
}
