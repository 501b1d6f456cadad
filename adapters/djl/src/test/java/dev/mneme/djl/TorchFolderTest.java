package dev.mneme.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.HostLoader;
import dev.mneme.HostSession;
import dev.mneme.MnemeException;
import dev.mneme.Rows;
import dev.mneme.store.safetensors.SafeTensorsWriter.Entry;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders whose files are not as every tool writes them. */
class TorchFolderTest {

  private static final int[] TOKENS = {5, 100, 101, 257, 32};

  @TempDir Path directory;

  @Test
  void usesTheHeadThatATiedModelStoresAndThatDiffers() {
    TinyModel.write(directory, Family.LLAMA, 3);
    float[] untied = lastRow();
    ModelEdit.json(directory, "config.json", config -> config.put("tie_word_embeddings", true));
    assertThat(lastRow()).isEqualTo(untied);
  }

  @Test
  void computesTheSameFromNamesWithoutThatOfTheBaseModel() {
    TinyModel.write(directory, Family.QWEN2, 3);
    float[] plain = lastRow();
    ModelEdit.tensors(
        directory,
        tensors -> {
          List<Entry> all = List.copyOf(tensors.values());
          tensors.clear();
          for (Entry entry : all) {
            String name = entry.name().replace("model.", "");
            tensors.put(name, new Entry(name, entry.dtype(), entry.shape(), entry.data()));
          }
        });
    assertThat(lastRow()).isEqualTo(plain);
  }

  @Test
  void spellsAnAddedTokenBeyondTheRowsAsText() {
    TinyModel.write(directory, Family.LLAMA, 3);
    int rows;
    try (TorchHost host = TorchHost.open(directory)) {
      rows = host.vocabulary().size();
    }
    ModelEdit.json(
        directory,
        "tokenizer.json",
        json ->
            json.withArray("added_tokens")
                .addObject()
                .put("id", rows)
                .put("content", "<late>")
                .put("special", false));
    try (TorchHost host = TorchHost.open(directory)) {
      int[] ids = host.tokenizer().encode("a <late> b", false, true);
      assertThat(Arrays.stream(ids).max().orElseThrow()).isLessThan(rows);
    }
  }

  @Test
  void saysWhatAFolderWithoutAModelHolds() throws IOException {
    Files.writeString(directory.resolve("adapter_config.json"), "{}");
    assertThatThrownBy(() -> HostLoader.open(directory))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll(directory.toString(), "adapter", "merge_and_unload");
  }

  private float[] lastRow() {
    try (TorchHost host = TorchHost.open(directory);
        HostSession session = host.openSession(1)) {
      return session.forward(TOKENS, Rows.LAST).row(0).toArray(ValueLayout.JAVA_FLOAT);
    }
  }
}
