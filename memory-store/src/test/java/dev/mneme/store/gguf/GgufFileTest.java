package dev.mneme.store.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufFileTest {
  private final Path directory;

  GgufFileTest(@TempDir Path directory) {
    this.directory = directory;
  }

  @Test
  void readsMetadataAndTensorPlacesInFileOrder() throws IOException {
    Path path = GgufBytes.valid().in(directory);
    GgufFile file = GgufFile.read(path);

    assertThat(file.path()).isEqualTo(path);
    assertThat(file.version()).isEqualTo(3);
    assertThat(file.metadata().keySet())
        .containsExactly("general.architecture", "llama.block_count", "tokenizer.ggml.tokens");
    assertThat(file.string("general.architecture")).contains("llama");
    assertThat(file.integer("llama.block_count")).hasValue(5);
    assertThat(file.strings("tokenizer.ggml.tokens")).containsExactly("a", "bc");
    long dataStart = Files.size(path) - 128;
    assertThat(file.tensors().values())
        .containsExactly(
            new GgufTensor("token_embd.weight", GgufType.F32, List.of(8L, 2L), path, dataStart, 64),
            new GgufTensor("output.weight", GgufType.F16, List.of(32L), path, dataStart + 64, 64));
  }

  @Test
  void readsVersion2() throws IOException {
    Path path = new GgufBytes().ascii("GGUF").int32(2).int64(0).int64(0).in(directory);
    assertThat(GgufFile.read(path).version()).isEqualTo(2);
  }

  @Test
  void readsNumbersOfEveryWidth() throws IOException {
    GgufFile file =
        GgufFile.read(
            GgufBytes.header(0, 11)
                .string("uint8")
                .int32(0)
                .bytes(0xFF)
                .string("int8")
                .int32(1)
                .bytes(0xFF)
                .string("uint16")
                .int32(2)
                .bytes(0xFF, 0xFF)
                .string("int16")
                .int32(3)
                .bytes(0xFF, 0xFF)
                .string("uint32")
                .int32(4)
                .int32(-1)
                .string("int32")
                .int32(5)
                .int32(-1)
                .string("uint64")
                .int32(10)
                .int64(Long.MAX_VALUE)
                .string("int64")
                .int32(11)
                .int64(-1)
                .string("float32")
                .int32(6)
                .int32(Float.floatToRawIntBits(0.5f))
                .string("float64")
                .int32(12)
                .int64(Double.doubleToRawLongBits(-0.1))
                .string("bool")
                .int32(7)
                .bytes(1)
                .in(directory));

    assertThat(file.integer("uint8")).hasValue(255);
    assertThat(file.integer("int8")).hasValue(-1);
    assertThat(file.integer("uint16")).hasValue(65_535);
    assertThat(file.integer("int16")).hasValue(-1);
    assertThat(file.integer("uint32")).hasValue(4_294_967_295L);
    assertThat(file.integer("int32")).hasValue(-1);
    assertThat(file.integer("uint64")).hasValue(Long.MAX_VALUE);
    assertThat(file.integer("int64")).hasValue(-1);
    assertThat(file.real("float32")).hasValue(0.5);
    assertThat(file.real("float64")).hasValue(-0.1);
    assertThat(file.bool("bool")).contains(true);
  }

  @Test
  void readsArraysOfNumbers() throws IOException {
    GgufFile file =
        GgufFile.read(
            GgufBytes.header(0, 2)
                .string("scores")
                .int32(GgufBytes.ARRAY)
                .int32(GgufBytes.FLOAT32)
                .int64(2)
                .int32(Float.floatToRawIntBits(-1.5f))
                .int32(Float.floatToRawIntBits(2f))
                .string("types")
                .int32(GgufBytes.ARRAY)
                .int32(GgufBytes.UINT8)
                .int64(2)
                .bytes(1, 0xFE)
                .in(directory));

    assertThat(file.floats("scores")).containsExactly(-1.5f, 2f);
    assertThat(file.integers("types")).containsExactly(1, 254);
  }

  @Test
  void keepsTokensThatAreNotUtf8() throws IOException {
    GgufFile file =
        GgufFile.read(
            GgufBytes.header(0, 1)
                .string("tokens")
                .int32(GgufBytes.ARRAY)
                .int32(GgufBytes.STRING)
                .int64(1)
                .int64(2)
                .bytes(0xC3, 0x28)
                .in(directory));

    assertThat(file.byteStrings("tokens")).isDeepEqualTo(new byte[][] {{(byte) 0xC3, 0x28}});
    assertThatThrownBy(() -> file.strings("tokens"))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("\"tokens\": expected UTF-8");
  }

  @Test
  void absentKeysAreEmpty() throws IOException {
    GgufFile file = GgufFile.read(GgufBytes.header(0, 0).in(directory));

    assertThat(file.string("absent")).isEmpty();
    assertThat(file.integer("absent")).isEmpty();
    assertThat(file.real("absent")).isEmpty();
    assertThat(file.bool("absent")).isEmpty();
    assertThat(file.strings("absent")).isEmpty();
    assertThat(file.byteStrings("absent")).isEmpty();
    assertThat(file.floats("absent")).isEmpty();
    assertThat(file.integers("absent")).isEmpty();
  }

  @Test
  void refusesAKeyReadAsAnotherType() throws IOException {
    GgufFile file = GgufFile.read(GgufBytes.valid().in(directory));

    assertThatThrownBy(() -> file.string("llama.block_count"))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("test.gguf")
        .hasMessageContaining("\"llama.block_count\": expected a string, found uint32");
    assertThatThrownBy(() -> file.integer("general.architecture"))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("expected a whole number, found string");
    assertThatThrownBy(() -> file.real("llama.block_count"))
        .isInstanceOf(MalformedFileException.class);
    assertThatThrownBy(() -> file.bool("llama.block_count"))
        .isInstanceOf(MalformedFileException.class);
    assertThatThrownBy(() -> file.floats("tokenizer.ggml.tokens"))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("found an array of string");
    assertThatThrownBy(() -> file.integers("general.architecture"))
        .isInstanceOf(MalformedFileException.class);
    assertThatThrownBy(() -> file.strings("general.architecture"))
        .isInstanceOf(MalformedFileException.class);
  }

  @Test
  void refusesNumbersThatDoNotFitTheCaller() throws IOException {
    GgufFile file =
        GgufFile.read(
            GgufBytes.header(0, 2)
                .string("huge")
                .int32(GgufBytes.UINT64)
                .int64(-1)
                .string("ids")
                .int32(GgufBytes.ARRAY)
                .int32(GgufBytes.UINT32)
                .int64(1)
                .int32(-1)
                .in(directory));

    assertThatThrownBy(() -> file.integer("huge"))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("18446744073709551615 is too large");
    assertThatThrownBy(() -> file.integers("ids"))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("item 0 is 4294967295");
  }

  @Test
  void takesTheAlignmentOfTheFile() throws IOException {
    Path path =
        GgufBytes.header(2, 1)
            .string("general.alignment")
            .int32(GgufBytes.UINT32)
            .int32(64)
            .tensor("a", GgufType.F32.id(), 0, 1)
            .tensor("b", GgufType.F32.id(), 64, 1)
            .padded(64)
            .zeros(68)
            .in(directory);
    GgufFile file = GgufFile.read(path);

    assertThat(file.tensors().values()).extracting(GgufTensor::offset).containsExactly(128L, 192L);
  }

  @Test
  void keepsTemplatesAsPlainText() throws IOException {
    String template = "{{ ''.__class__.__mro__[1].__subclasses__() }}";
    Path path =
        GgufBytes.header(0, 1)
            .string("tokenizer.chat_template")
            .int32(GgufBytes.STRING)
            .string(template)
            .in(directory);
    assertThat(GgufFile.read(path).string("tokenizer.chat_template")).contains(template);
  }

  @Test
  void namesTheFileThatIsAbsent() {
    Path absent = directory.resolve("absent.gguf");
    assertThatThrownBy(() -> GgufFile.read(absent))
        .isExactlyInstanceOf(MnemeException.class)
        .hasMessageContaining(absent.toString());
  }

  @Test
  void refusesADirectory() {
    assertThatThrownBy(() -> GgufFile.read(directory))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining(directory.toString());
  }
}
