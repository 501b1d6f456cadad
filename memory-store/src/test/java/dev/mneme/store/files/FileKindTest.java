package dev.mneme.store.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.mneme.MalformedFileException;
import dev.mneme.store.safetensors.SafeTensorsFile;
import dev.mneme.store.safetensors.SafeTensorsWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Files are recognised by their first bytes, or else by their names. */
class FileKindTest {

  @TempDir Path folder;

  static Stream<Arguments> files() {
    return Stream.of(
        arguments("m.gguf", "GGUF\u0003", FileKind.GGUF),
        arguments("config.json", "{\"model_type\": \"llama\"}", FileKind.JSON),
        arguments("x.safetensors", "{\"error\": \"not found\"}", FileKind.JSON),
        arguments("m.safetensors.index.json", "{\"weight_map\": {}}", FileKind.SHARD_INDEX),
        arguments("m.gguf", "", FileKind.EMPTY),
        arguments("m.gguf", "version https://git-lfs.github.com/spec/v1", FileKind.GIT_LFS_POINTER),
        arguments("m.safetensors", "<!doctype html><html>", FileKind.WEB_PAGE),
        arguments("m.gguf", "\n<HTML lang=en>", FileKind.WEB_PAGE),
        arguments("m.gguf", "<?xml version=\"1.0\"?><Error>", FileKind.WEB_PAGE),
        arguments("ggml-model.bin", "tjgg\u0003", FileKind.OLD_GGML),
        arguments("ggml-model.bin", "lmgg", FileKind.OLD_GGML),
        arguments("m.pt", "\u0080\u0002}", FileKind.PICKLE),
        arguments("m.pt", "PK\u0003\u0004archive/data.pkl", FileKind.PICKLE),
        arguments("m.zip", "PK\u0003\u0004config.json", FileKind.ARCHIVE),
        arguments("law-1.0.0.mpack", "PK\u0003\u0004pack.json", FileKind.PACK),
        arguments("m.tar.gz", "\u001f\u008b\u0008", FileKind.ARCHIVE),
        arguments("m.h5", "\u0089HDF\r\n", FileKind.HDF5),
        arguments("m.onnx", "\u0008\u0007", FileKind.ONNX),
        arguments("m.ckpt", "anything", FileKind.PICKLE),
        arguments("m.dat", "anything", FileKind.UNKNOWN));
  }

  @ParameterizedTest
  @MethodSource("files")
  void recognisesWhatAFileIs(String name, String content, FileKind kind) throws IOException {
    Path file = folder.resolve(name);
    Files.write(file, content.getBytes(StandardCharsets.ISO_8859_1));
    assertThat(FileKind.of(file)).isEqualTo(kind);
    assertThat(kind.advice()).contains(";");
  }

  @Test
  void recognisesSafeTensorsWhateverTheirHeadersLengthLooksLike() throws IOException {
    for (int names = 1; names < 120; names++) { // a length may look like a brace or a pickle
      Path file = folder.resolve("model.safetensors");
      SafeTensorsWriter.write(
          file,
          Map.of("format", "p".repeat(names)),
          List.of(SafeTensorsWriter.Entry.of("a", List.of(1L), new float[1])));
      assertThat(FileKind.of(file)).isEqualTo(FileKind.SAFETENSORS);
      SafeTensorsFile.open(file).close();
    }
  }

  @Test
  void recognisesATarFileByTheMiddleOfItsFirstBlock() throws IOException {
    byte[] block = new byte[512];
    System.arraycopy("ustar".getBytes(StandardCharsets.US_ASCII), 0, block, 257, 5);
    assertThat(FileKind.of(Files.write(folder.resolve("m.tar"), block)))
        .isEqualTo(FileKind.ARCHIVE);
  }

  @ParameterizedTest
  @CsvSource({
    "'<!doctype html>',  a page from a web site",
    "'{\"error\": 1}',   a JSON file",
    "GGUF,               a GGUF file",
    "tjgg,               a GGML file"
  })
  void saysWhatIsInPlaceOfWeights(String content, String expected) throws IOException {
    Path file = Files.writeString(folder.resolve("model.safetensors"), content);
    assertThatThrownBy(() -> SafeTensorsFile.open(file))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll(file.toString(), expected);
  }
}
