package dev.mneme.store.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MnemeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Folders are recognised by the names of their files. */
class FolderKindTest {

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "adapter_config.json: merge_and_unload",
        "model_index.json: diffusers",
        "modules.json: sentence-transformers",
        "quantize_config.json: quantised"
      })
  void refusesWhatIsNoModelOfItsOwn(String fileAndWord) throws IOException {
    String[] parts = fileAndWord.split(": ", 2);
    add("config.json", "model.safetensors");
    FolderKind.require(folder);
    add(parts[0]);
    assertThatThrownBy(() -> FolderKind.require(folder))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll(folder.toString(), parts[1]);
  }

  @Test
  void namesTheGgufFilesOfAFolderThatHasNothingElse() throws IOException {
    add("a.gguf", "b.gguf", "README.md");
    assertThat(FolderKind.of(folder).withoutConfig().orElseThrow())
        .contains("give one of them: a.gguf, b.gguf");
  }

  @Test
  void namesTheFolderWithinThatHasTheModel() throws IOException {
    Path inner = folder.resolve("snapshots").resolve("abc");
    Files.createDirectories(inner);
    Files.createFile(inner.resolve("config.json"));
    assertThat(FolderKind.of(folder).withoutConfig().orElseThrow()).contains(inner.toString());
    Path checkpoint = Files.createDirectory(folder.resolve("checkpoint-500"));
    Files.createFile(checkpoint.resolve("config.json"));
    assertThat(FolderKind.of(folder).withoutConfig().orElseThrow()).contains(checkpoint.toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model-00001-of-00002.safetensors: model.safetensors.index.json",
        "model.fp16.safetensors: rename it to model.safetensors",
        "pytorch_model.bin: pickle",
        "consolidated.00.pth: layout of its makers",
        "model.onnx: form that no engine here reads",
        "tf_model.h5: form that no engine here reads",
        "flax_model.msgpack: form that no engine here reads",
        "host.gguf: give one of them: host.gguf"
      })
  void saysWhatStandsInPlaceOfTheWeights(String fileAndWord) throws IOException {
    String[] parts = fileAndWord.split(": ", 2);
    add("config.json", parts[0]);
    assertThat(FolderKind.of(folder).withoutWeights().orElseThrow()).contains(parts[1]);
  }

  @Test
  void knowsNothingOfAnEmptyFolder() {
    assertThat(FolderKind.of(folder).withoutConfig()).isEmpty();
    assertThat(FolderKind.of(folder).withoutWeights()).isEmpty();
  }

  @Test
  void saysWhatAFileInPlaceOfAFolderIs() throws IOException {
    Path file = Files.writeString(folder.resolve("config.json"), "{}");
    assertThatThrownBy(() -> FolderKind.require(file))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll(file.toString(), "is no folder", "is a JSON file");
    assertThatThrownBy(() -> FolderKind.require(folder.resolve("gone")))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("does not exist");
  }

  private void add(String... names) throws IOException {
    for (String name : names) {
      Files.createFile(folder.resolve(name));
    }
  }
}
