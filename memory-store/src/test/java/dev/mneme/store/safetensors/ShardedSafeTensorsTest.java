package dev.mneme.store.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.safetensors.SafeTensorsWriter.Entry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The weights of a folder: in shards, or not to be opened at all. */
class ShardedSafeTensorsTest {

  @TempDir Path directory;

  @Test
  void readsAModelInShards() throws IOException {
    writeShards("{\"weight_map\":{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\"}}");
    try (TensorSource model = TensorSource.openDirectory(directory)) {
      assertThat(model.tensors()).containsOnlyKeys("a", "b");
      assertThat(model.data("b").byteSize()).isEqualTo(8);
    }
  }

  private void writeShards(String index) throws IOException {
    SafeTensorsWriter.write(
        directory.resolve("one.safetensors"),
        Map.of(),
        List.of(Entry.of("a", List.of(1L), new float[1])));
    SafeTensorsWriter.write(
        directory.resolve("two.safetensors"),
        Map.of(),
        List.of(Entry.of("b", List.of(2L), new float[2])));
    Files.writeString(directory.resolve("model.safetensors.index.json"), index);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../one.safetensors",
        "/tmp/one.safetensors",
        "C:\\\\one.safetensors",
        "missing.safetensors",
        "two.safetensors",
        ""
      })
  void refusesAShardOutsideTheFolderMissingOrWithoutTheTensor(String name) throws IOException {
    writeShards("{\"weight_map\":{\"a\":\"" + name + "\",\"b\":\"two.safetensors\"}}");
    assertThatThrownBy(() -> TensorSource.openDirectory(directory))
        .isInstanceOf(MnemeException.class);
  }

  @Test
  void readsShardsThatAreLinksToFilesElsewhere(@TempDir Path elsewhere) throws IOException {
    writeShards("{\"weight_map\":{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\"}}");
    for (String name : List.of("one.safetensors", "two.safetensors")) {
      Path blob = Files.move(directory.resolve(name), elsewhere.resolve(name + "-blob"));
      Files.createSymbolicLink(directory.resolve(name), blob);
    }
    try (TensorSource model = TensorSource.openDirectory(directory)) {
      assertThat(model.tensors()).containsOnlyKeys("a", "b");
    }
  }

  @Test
  void readsASingleFileThatIsALink(@TempDir Path elsewhere) throws IOException {
    writeShards("{}");
    Path blob = Files.move(directory.resolve("one.safetensors"), elsewhere.resolve("blob"));
    Files.createSymbolicLink(directory.resolve("model.safetensors"), blob);
    try (TensorSource model = TensorSource.openDirectory(directory)) {
      assertThat(model.tensors()).containsOnlyKeys("a");
    }
  }

  @Test
  void tellsAMissingShardFromALinkThatLeadsNowhere() throws IOException {
    writeShards("{\"weight_map\":{\"a\":\"gone.safetensors\"}}");
    refuses("gone.safetensors, which does not exist");
    Files.createSymbolicLink(directory.resolve("gone.safetensors"), Path.of("blob"));
    refuses("gone.safetensors, which is a link to blob, which does not exist");
    Files.delete(directory.resolve("gone.safetensors"));
    Files.createDirectory(directory.resolve("gone.safetensors"));
    refuses("gone.safetensors, which is a folder");
  }

  @Test
  void refusesASingleFileThatIsALinkThatLeadsNowhere() throws IOException {
    Files.createSymbolicLink(directory.resolve("model.safetensors"), Path.of("blob"));
    refuses("model.safetensors: it is a link to blob, which does not exist");
  }

  private void refuses(String reason) {
    assertThatThrownBy(() -> TensorSource.openDirectory(directory))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void refusesATensorThatTheIndexDoesNotPlace() throws IOException {
    writeShards("{\"weight_map\":{\"a\":\"one.safetensors\"}}");
    SafeTensorsWriter.write(
        directory.resolve("one.safetensors"),
        Map.of(),
        List.of(
            Entry.of("a", List.of(1L), new float[1]), Entry.of("b", List.of(1L), new float[1])));
    assertThatThrownBy(() -> TensorSource.openDirectory(directory))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("b");
  }

  @Test
  void refusesATensorInTwoShards() throws IOException {
    writeShards("{\"weight_map\":{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\"}}");
    SafeTensorsWriter.write(
        directory.resolve("two.safetensors"),
        Map.of(),
        List.of(
            Entry.of("a", List.of(1L), new float[1]), Entry.of("b", List.of(1L), new float[1])));
    assertThatThrownBy(() -> TensorSource.openDirectory(directory))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("two.safetensors", "holds the tensor a");
  }

  @Test
  void refusesATensorThatTheIndexPlacesTwice() throws IOException {
    writeShards("{\"weight_map\":{\"a\":\"one.safetensors\",\"a\":\"two.safetensors\"}}");
    assertThatThrownBy(() -> TensorSource.openDirectory(directory))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("Duplicate");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pytorch_model.bin", "model.pt", "model.pth", "model.ckpt", "Model.PKL"})
  void refusesPickledWeightsAndNamesTheSafeAlternative(String name) throws IOException {
    Files.write(directory.resolve(name), new byte[10]);
    assertThatThrownBy(() -> TensorSource.openDirectory(directory))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining(name)
        .hasMessageContaining("model.safetensors");
  }
}
