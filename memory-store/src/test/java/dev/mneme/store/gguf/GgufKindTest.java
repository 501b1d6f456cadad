package dev.mneme.store.gguf;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** GGUF files that hold no language model are named for what they are. */
class GgufKindTest {

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({
    "llama,         adapter, LoRA adapter",
    "clip,          mmproj,  vision projector",
    "clip,          model,   vision projector",
    "clip,          '',      vision projector",
    "llama,         imatrix, importance matrix",
    "controlvector, '',      control vector",
    "bert,          model,   embeds texts",
    "flux,          model,   makes images",
    "llama,         vocab,   tokenizer alone"
  })
  void refusesAnotherKind(String architecture, String type, String word) {
    var writer = new GgufWriter().put("general.architecture", architecture);
    if (!type.isEmpty()) {
      writer.put("general.type", type);
    }
    refuses(withTensor(writer), word);
  }

  @Test
  void refusesAFileWithATokenizerAndNoTensors() {
    var writer =
        new GgufWriter()
            .put("general.architecture", "llama")
            .put("general.type", "model")
            .putStrings("tokenizer.ggml.tokens", List.of("a"));
    Path file = directory.resolve("vocabulary.gguf");
    writer.write(file);
    refuses(file, "tokenizer alone");
  }

  @ParameterizedTest
  @CsvSource({"llama, model", "llama, ''", "some-later-family, something"})
  void acceptsLanguageModelsAndWhatItDoesNotKnow(String architecture, String type) {
    var writer = new GgufWriter().put("general.architecture", architecture);
    if (!type.isEmpty()) {
      writer.put("general.type", type);
    }
    GgufKind.requireLanguageModel(GgufFile.read(withTensor(writer)));
  }

  @Test
  void leavesATypeThatIsNoTextToOtherChecks() {
    var writer =
        new GgufWriter().putUint32("general.type", 1).putBool("general.architecture", true);
    GgufKind.requireLanguageModel(GgufFile.read(withTensor(writer)));
  }

  @ParameterizedTest
  @CsvSource({
    "'{}',                                            is a JSON file",
    "'version https://git-lfs.github.com/spec/v1\n',  is a Git LFS pointer",
    "'<!doctype html>',                               is a page from a web site",
    "tjggxxxx,                                        is a GGML file",
    "'',                                              is empty"
  })
  void saysWhatAFileIsThatIsNoGguf(String content, String expected) throws IOException {
    Path file = Files.writeString(directory.resolve("host.gguf"), content);
    assertThatThrownBy(() -> GgufFile.read(file))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll(file.toString(), expected);
  }

  private Path withTensor(GgufWriter writer) {
    Path file = directory.resolve("file.gguf");
    writer.addTensor(
        "a.weight",
        GgufType.F32,
        List.of(1L),
        out -> GgufWriter.writeFully(out, ByteBuffer.allocate(Float.BYTES)));
    writer.write(file);
    return file;
  }

  private static void refuses(Path file, String word) {
    assertThatThrownBy(() -> GgufKind.requireLanguageModel(GgufFile.read(file)))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll(file.toString(), "is no language model", word);
  }
}
