package dev.mneme.store.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MnemeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufWriterTest {
  private final Path directory;
  private final Path target;

  GgufWriterTest(@TempDir Path directory) {
    this.directory = directory;
    this.target = directory.resolve("written.gguf");
  }

  private static TensorData zeros(int count) {
    return out -> out.write(ByteBuffer.allocate(count));
  }

  @Test
  void writesTheBytesOfTheFormat() throws IOException {
    new GgufWriter()
        .put("general.architecture", "llama")
        .putUint32("llama.block_count", 5)
        .putStrings("tokenizer.ggml.tokens", List.of("a", "bc"))
        .addTensor("token_embd.weight", GgufType.F32, List.of(8L, 2L), zeros(64))
        .addTensor("output.weight", GgufType.F16, List.of(32L), zeros(64))
        .write(target);

    assertThat(target).hasBinaryContent(GgufBytes.valid().toByteArray());
  }

  @Test
  void everyKindOfValueComesBack() {
    new GgufWriter()
        .put("text", "ü")
        .putUint32("uint32", 4_294_967_295L)
        .putUint64("uint64", 1L << 40)
        .putFloat32("float32", 1e-5f)
        .putBool("bool", true)
        .putStrings("strings", List.of("", "x"))
        .putFloats("floats", new float[] {0.5f, -2f})
        .putInts("ints", new int[] {-1, 7})
        .write(target);
    GgufFile file = GgufFile.read(target);

    assertThat(file.string("text")).contains("ü");
    assertThat(file.integer("uint32")).hasValue(4_294_967_295L);
    assertThat(file.integer("uint64")).hasValue(1L << 40);
    assertThat(file.real("float32")).hasValue(1e-5f);
    assertThat(file.bool("bool")).contains(true);
    assertThat(file.strings("strings")).containsExactly("", "x");
    assertThat(file.floats("floats")).containsExactly(0.5f, -2f);
    assertThat(file.integers("ints")).containsExactly(-1, 7);
  }

  @Test
  void alignsEveryTensorAt32Bytes() throws IOException {
    new GgufWriter()
        .addTensor("a", GgufType.Q8_0, List.of(32L), zeros(34))
        .addTensor(
            "b",
            GgufType.F32,
            List.of(1L),
            out -> out.write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4})))
        .write(target);
    GgufTensor second = List.copyOf(GgufFile.read(target).tensors().values()).getLast();

    assertThat(second.offset() % 32).isZero();
    assertThat(Files.readAllBytes(target)[(int) second.offset() + 3]).isEqualTo((byte) 4);
  }

  @Test
  void replacesAnOlderFileAndLeavesNothingBeside() throws IOException {
    Files.writeString(target, "older");
    new GgufWriter().put("k", "v").write(target);

    assertThat(GgufFile.read(target).string("k")).contains("v");
    assertThat(directory).isDirectoryNotContaining(path -> !path.equals(target));
  }

  @Test
  void leavesTheOlderFileWhenDataFails() throws IOException {
    Files.writeString(target, "older");
    var writer =
        new GgufWriter()
            .addTensor(
                "w",
                GgufType.F32,
                List.of(4L),
                out -> {
                  throw new IOException("no space left");
                });

    assertThatThrownBy(() -> writer.write(target))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll(target.toString(), "no space left");
    assertThat(target).hasContent("older");
    assertThat(directory).isDirectoryNotContaining(path -> !path.equals(target));
  }

  @Test
  void refusesTooLittleData() {
    var writer = new GgufWriter().addTensor("w", GgufType.F32, List.of(4L), zeros(15));
    assertThatIllegalStateException()
        .isThrownBy(() -> writer.write(target))
        .withMessageContaining("\"w\" was given 15 of its 16 bytes");
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void refusesTooMuchData() {
    var writer = new GgufWriter().addTensor("w", GgufType.F32, List.of(4L), zeros(17));
    assertThatIllegalStateException()
        .isThrownBy(() -> writer.write(target))
        .withMessageContaining("\"w\" was given more than its 16 bytes");
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void namesTheFileWhoseDirectoryIsAbsent() {
    Path nowhere = directory.resolve("absent").resolve("x.gguf");
    assertThatThrownBy(() -> new GgufWriter().write(nowhere))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining(nowhere.toString());
  }

  @Test
  void refusesWhatNoReaderAccepts() {
    var writer = new GgufWriter().put("k", "v").addTensor("w", GgufType.F32, List.of(1L), zeros(4));

    assertThatIllegalArgumentException().isThrownBy(() -> writer.put("k", "again"));
    assertThatIllegalArgumentException().isThrownBy(() -> writer.put("", "empty key"));
    assertThatIllegalArgumentException().isThrownBy(() -> writer.put("a\0", "zero byte"));
    assertThatIllegalArgumentException().isThrownBy(() -> writer.putUint32("n", -1));
    assertThatIllegalArgumentException().isThrownBy(() -> writer.putUint32("n", 1L << 32));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> writer.putUint32("general.alignment", 64));
    assertThatIllegalArgumentException().isThrownBy(() -> add(writer, "w", 1L));
    assertThatIllegalArgumentException().isThrownBy(() -> add(writer, "n".repeat(64), 1L));
    assertThatIllegalArgumentException().isThrownBy(() -> add(writer, "d", 0L));
    assertThatIllegalArgumentException().isThrownBy(() -> add(writer, "d"));
    assertThatIllegalArgumentException().isThrownBy(() -> add(writer, "d", 1L, 1L, 1L, 1L, 1L));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> writer.addTensor("q", GgufType.Q8_0, List.of(33L), zeros(34)));
  }

  private static void add(GgufWriter writer, String name, Long... dims) {
    writer.addTensor(name, GgufType.F32, List.of(dims), zeros(4));
  }
}
