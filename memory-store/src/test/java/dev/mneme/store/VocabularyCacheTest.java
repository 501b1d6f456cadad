package dev.mneme.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mneme.Vocabulary;
import dev.mneme.Vocabulary.Kind;
import dev.mneme.Vocabulary.Merges;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Vocabularies kept by their packs' digests. */
class VocabularyCacheTest {

  private static final String DIGEST = "sha256:" + "a".repeat(64);

  @TempDir Path directory;

  private VocabularyCache cache() {
    return new VocabularyCache(directory.resolve("vocabularies"));
  }

  private static Vocabulary vocabulary() {
    return Vocabulary.builder()
        .add("<s>", Kind.CONTROL)
        .add("wörter", Kind.TEXT)
        .add(new byte[] {(byte) 0xFF, 0}, Kind.TEXT)
        .add("", Kind.UNUSED)
        .add("</s>", Kind.CONTROL)
        .bos(0)
        .end(4)
        .end(0)
        .merges(Merges.of(List.of("a b", "ab c")))
        .build();
  }

  private Path file() throws IOException {
    try (Stream<Path> list = Files.list(directory.resolve("vocabularies"))) {
      return list.findFirst().orElseThrow();
    }
  }

  @Test
  void whatWasPutIsFound() {
    cache().put(DIGEST, vocabulary());
    Vocabulary found = cache().find(DIGEST).orElseThrow();
    assertThat(found.differencesFrom(vocabulary())).isEmpty();
    assertThat(found.merges()).isPresent().isEqualTo(vocabulary().merges());
    assertThat(found.size()).isEqualTo(5);
    assertThat(found.bos()).hasValue(0);
    assertThat(found.endIds()).containsExactly(0, 4);
    for (int id = 0; id < 5; id++) {
      assertThat(found.bytes(id)).isEqualTo(vocabulary().bytes(id));
      assertThat(found.kind(id)).isEqualTo(vocabulary().kind(id));
    }
  }

  @Test
  void aVocabularyWithoutABeginningHasNone() {
    cache().put(DIGEST, Vocabulary.builder().add("a", Kind.TEXT).build());
    Vocabulary found = cache().find(DIGEST).orElseThrow();
    assertThat(found.bos()).isEmpty();
    assertThat(found.merges()).isEmpty();
    assertThat(found.endIds()).isEmpty();
  }

  @Test
  void anotherDigestFindsNothing() {
    cache().put(DIGEST, vocabulary());
    assertThat(cache().find("sha256:" + "b".repeat(64))).isEmpty();
  }

  @Test
  void aFileWithAnyOtherByteIsNotUsed() throws IOException {
    cache().put(DIGEST, vocabulary());
    byte[] whole = Files.readAllBytes(file());
    for (int i = 0; i < whole.length; i++) {
      byte[] damaged = whole.clone();
      damaged[i] ^= 4;
      Files.write(file(), damaged);
      assertThat(cache().find(DIGEST)).as("byte %d", i).isEmpty();
    }
  }

  @Test
  void aFileThatWasCutIsNotUsed() throws IOException {
    cache().put(DIGEST, vocabulary());
    byte[] whole = Files.readAllBytes(file());
    for (int length = 0; length < whole.length; length++) {
      Files.write(file(), Arrays.copyOf(whole, length));
      assertThat(cache().find(DIGEST)).as("%d bytes", length).isEmpty();
    }
  }

  @Test
  void aFolderThatCannotBeWrittenDoesNoHarm() throws IOException {
    Files.createFile(directory.resolve("vocabularies"));
    cache().put(DIGEST, vocabulary());
    assertThat(cache().find(DIGEST)).isEmpty();
  }
}
