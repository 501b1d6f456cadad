package dev.mneme.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.PackIntegrityException;
import dev.mneme.Vocabulary;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that are changed after a pack was verified, and put back later. */
class ChangedPackTest {

  @TempDir Path directory;

  private MemoryPack pack;
  private Path cache;

  @BeforeEach
  void makeAPack() {
    Path model = TinyModel.write(TinyModel.directory(directory, "model"), Family.LLAMA, 1);
    pack = MemoryPack.importFrom(model, "law", "", directory.resolve("law"));
    cache = directory.resolve("cache");
  }

  private static List<Path> filesIn(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile).toList();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"model.safetensors", "config.json", "tokenizer.json"})
  void nothingMadeOfAChangedFileIsKept(String name) throws IOException {
    byte[] right = Files.readAllBytes(DerivedGguf.of(pack, WeightType.F32, cache));
    Path other = directory.resolve("other");
    Path file = pack.directory().resolve(name);
    byte[] good = Files.readAllBytes(file);
    byte[] bad = good.clone();
    bad[bad.length - 2] ^= 1;
    Files.write(file, bad);
    assertThatThrownBy(() -> DerivedGguf.of(pack, WeightType.F32, other))
        .isInstanceOf(PackIntegrityException.class)
        .hasMessageContainingAll("changed after it was verified", name);
    assertThat(filesIn(other)).isEmpty();
    Files.write(file, good);
    assertThat(DerivedGguf.of(pack, WeightType.F32, other)).hasBinaryContent(right);
  }

  @Test
  void aVocabularyOfAChangedFileIsNotKept() throws IOException {
    var vocabularies = new VocabularyCache(cache);
    Path file = pack.directory().resolve("tokenizer.json");
    List<PackManifest.Entry> small =
        pack.manifest().files().stream()
            .filter(entry -> !entry.name().endsWith(".safetensors"))
            .toList();
    String good = Files.readString(file);
    Files.writeString(file, good + " ");
    assertThatThrownBy(
            () ->
                vocabularies.put(
                    pack.digest(),
                    pack.directory(),
                    small,
                    copy -> Vocabulary.builder().add("a", Vocabulary.Kind.TEXT).build()))
        .isInstanceOf(PackIntegrityException.class)
        .hasMessageContaining("tokenizer.json");
    assertThat(filesIn(cache)).isEmpty();
    Files.writeString(file, good);
    vocabularies.put(
        pack.digest(),
        pack.directory(),
        small,
        copy -> {
          assertThat(copy).isNotEqualTo(pack.directory());
          assertThat(copy.resolve("tokenizer.json")).hasContent(good);
          return pack.vocabulary();
        });
    assertThat(vocabularies.find(pack.digest())).isPresent();
  }
}
