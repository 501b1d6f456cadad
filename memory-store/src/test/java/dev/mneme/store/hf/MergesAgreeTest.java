package dev.mneme.store.hf;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.mneme.Vocabulary;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.WeightType;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.gguf.GgufVocabulary;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The merges of byte-level tokenizers, in a folder and in the GGUF file made of it. */
class MergesAgreeTest {

  @TempDir Path directory;

  private Vocabulary gguf(Path folder) {
    Path file = directory.resolve("host.gguf");
    GgufConverter.convertHost(folder, file, WeightType.F32);
    return GgufVocabulary.read(GgufFile.read(file));
  }

  @ParameterizedTest
  @EnumSource(
      value = Family.class,
      names = {"QWEN2", "GPT2"})
  void aMemoryWithOneOtherMergeIsDifferentAndOneWithTheSameIsNot(Family family) {
    Path folder = TinyModel.write(TinyModel.directory(directory, "model"), family, 1);
    Vocabulary host = gguf(folder);
    assertThat(host.merges()).isPresent();
    assertThat(host.differencesFrom(MemoryPack.open(folder).vocabulary())).isEmpty();

    ModelEdit.json(
        folder,
        "tokenizer.json",
        tokenizer -> {
          var merges = (ArrayNode) tokenizer.get("model").get("merges");
          merges.add(merges.remove(0));
        });
    List<String> differences = host.differencesFrom(MemoryPack.open(folder).vocabulary());
    assertThat(differences).hasSize(1).first().asString().contains("texts become other ids");
  }
}
