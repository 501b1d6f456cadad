package dev.mneme.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.mneme.HostLoader;
import dev.mneme.HostModel;
import dev.mneme.HostSession;
import dev.mneme.IncompatibleMemoryException;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.Rows;
import dev.mneme.store.MemoryLoader;
import dev.mneme.store.WeightType;
import dev.mneme.store.hf.GgufConverter;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Everything a caller or a file can get wrong is an exception; much of it would end the process in
 * llama.cpp.
 */
class LlamaCppBadInputTest {

  @TempDir static Path shared;
  private static byte[] good = new byte[0];

  @TempDir Path directory;

  @BeforeAll
  static void makeHost() throws IOException {
    TinyModel.write(shared, Family.LLAMA, 1);
    GgufConverter.convertHost(shared, shared.resolve("host.gguf"), WeightType.F32);
    good = Files.readAllBytes(shared.resolve("host.gguf"));
  }

  private Path file(byte[] bytes) throws IOException {
    return Files.write(directory.resolve("host.gguf"), bytes);
  }

  private static int indexOf(byte[] bytes, byte[] part) {
    for (int i = 0; i + part.length <= bytes.length; i++) {
      if (Arrays.equals(bytes, i, i + part.length, part, 0, part.length)) {
        return i;
      }
    }
    throw new IllegalArgumentException("not in the file");
  }

  /** The host with the four bytes of a metadata value changed. */
  private static byte[] withValue(String key, int value) {
    byte[] bytes = good.clone();
    byte[] name = key.getBytes(StandardCharsets.UTF_8);
    int at = indexOf(bytes, name) + name.length + Integer.BYTES;
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(at, value);
    return bytes;
  }

  /** The host with a text replaced by one of the same length. */
  private static byte[] withText(String from, String to) {
    byte[] bytes = good.clone();
    byte[] replacement = to.getBytes(StandardCharsets.UTF_8);
    System.arraycopy(
        replacement,
        0,
        bytes,
        indexOf(bytes, from.getBytes(StandardCharsets.UTF_8)),
        replacement.length);
    return bytes;
  }

  private void assertRefused(byte[] bytes, String... words) throws IOException {
    Path file = file(bytes);
    assertThatThrownBy(() -> LlamaCppHost.open(file))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("host.gguf")
        .message()
        .contains(words);
  }

  @Test
  void refusesAMissingFile() {
    assertThatThrownBy(() -> LlamaCppHost.open(directory.resolve("none.gguf")))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("none.gguf");
    assertThatThrownBy(() -> HostLoader.open(directory.resolve("none.gguf")))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("no such host");
  }

  @Test
  void refusesATextFileNamedGguf() throws IOException {
    assertRefused("Dear reader, this is text.".getBytes(StandardCharsets.UTF_8), "not a GGUF file");
  }

  @Test
  void refusesAFileCutAnywhere() throws IOException {
    for (int length : new int[] {0, 3, 20, 500, good.length / 2, good.length - 1}) {
      Path file = file(Arrays.copyOf(good, length));
      assertThatThrownBy(() -> LlamaCppHost.open(file)).isInstanceOf(MalformedFileException.class);
    }
  }

  @Test
  void refusesATokenListedTwice() throws IOException {
    assertRefused(withText("<0x41>", "<0x42>"), "<0x42>", "twice");
  }

  @Test
  void refusesAModelWithoutBlocks() throws IOException {
    assertRefused(withValue("llama.block_count", 0), "block_count");
  }

  @Test
  void refusesANegativeNormEpsilon() throws IOException {
    assertRefused(
        withValue("llama.attention.layer_norm_rms_epsilon", Float.floatToRawIntBits(-1e-5f)),
        "epsilon");
  }

  @Test
  void takesTheLibrarysBeginningOfSequenceIdForOneOutsideTheVocabulary() throws IOException {
    Path made = file(withValue("tokenizer.ggml.bos_token_id", 100_000));
    try (LlamaCppHost host = LlamaCppHost.open(made)) {
      assertThat(host.vocabulary().bos()).hasValue(1);
    }
  }

  @Test
  void refusesHeadsThatDoNotShareKeysEvenly() throws IOException {
    assertRefused(withValue("llama.attention.head_count_kv", 3), "head_count_kv");
  }

  @Test
  void refusesAnUnknownArchitectureByName() throws IOException {
    Path made = directory.resolve("unknown.gguf");
    byte[] text =
        new String(good, StandardCharsets.ISO_8859_1)
            .replace("llama.", "qwenx.")
            .getBytes(StandardCharsets.ISO_8859_1);
    byte[] value = "llama".getBytes(StandardCharsets.UTF_8);
    System.arraycopy("qwenx".getBytes(StandardCharsets.UTF_8), 0, text, indexOf(text, value), 5);
    Files.write(made, text);
    assertThatThrownBy(() -> LlamaCppHost.open(made))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("qwenx");
  }

  @Test
  void refusesAHostWithoutVocabulary() {
    Path memory = directory.resolve("memory.gguf");
    GgufConverter.convertMemory(shared, memory, WeightType.F32);
    assertThatThrownBy(() -> LlamaCppHost.open(memory))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("memory.gguf")
        .hasMessageContaining("none");
  }

  /** One damaged byte of the header: the file works or is refused, and the process lives. */
  @Test
  void survivesDamagedHeaders() throws IOException {
    var random = new Random(5);
    int header = good.length - TinyModel.HIDDEN * 4 * 300;
    int worked = 0;
    for (int i = 0; i < 150; i++) {
      byte[] bytes = good.clone();
      bytes[random.nextInt(Math.min(header, 12_000))] ^= (byte) (1 << random.nextInt(8));
      Path file = Files.write(directory.resolve("damaged" + i + ".gguf"), bytes);
      try (LlamaCppHost host = LlamaCppHost.open(file);
          HostSession session = host.openSession(1)) {
        session.forward(new int[] {5, 6, 7}, Rows.LAST);
        host.tokenizer().encode("the text");
        worked++;
      } catch (MnemeException | IllegalArgumentException e) {
        assertThat(e.getMessage()).isNotBlank();
      }
    }
    assertThat(worked).isBetween(1, 149);
  }

  @Test
  void refusesAContextLongerThanTrained() throws IOException {
    Path file = file(good);
    assertThatThrownBy(
            () -> LlamaCppHost.open(file, LlamaCppOptions.defaults().withContextLength(10_000)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("96")
        .hasMessageContaining("10000");
  }

  @Test
  void refusesGpuLayersWhereTheLibraryHasNone() throws IOException {
    assumeFalse(LlamaCppLibrary.inspect(null).hasGpu());
    Path file = file(good);
    assertThatThrownBy(() -> LlamaCppHost.open(file, LlamaCppOptions.defaults().withGpuLayers(4)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("gpuLayers");
  }

  @Test
  void refusesSettingsOutOfRange() {
    LlamaCppOptions options = LlamaCppOptions.defaults();
    assertThatThrownBy(() -> options.withThreads(100_000)).hasMessageContaining("threads");
    assertThatThrownBy(() -> options.withThreads(-1)).hasMessageContaining("threads");
    assertThatThrownBy(() -> options.withBatchSize(0)).hasMessageContaining("batchSize");
    assertThatThrownBy(() -> options.withContextLength(-5)).hasMessageContaining("contextLength");
  }

  @Test
  void refusesToDecodeFromAMappedFileThatWasTruncatedMeanwhile() throws IOException {
    Path file = file(good);
    try (LlamaCppHost host =
            LlamaCppHost.open(file, LlamaCppOptions.defaults().withMemoryMapped(true));
        HostSession session = host.openSession(1)) {
      Files.write(file, Arrays.copyOf(good, good.length / 2));
      assertThatThrownBy(() -> session.forward(new int[] {5}, Rows.LAST))
          .isInstanceOf(MnemeException.class)
          .hasMessageContaining("changed");
    }
  }

  @Test
  void anUnmappedModelIsIndependentOfItsFile() throws IOException {
    Path file = file(good);
    try (LlamaCppHost host = LlamaCppHost.open(file);
        HostSession session = host.openSession(1)) {
      Files.write(file, new byte[10]);
      assertThat(session.forward(new int[] {5}, Rows.LAST).count()).isOne();
    }
  }

  @Test
  void refusesToCloseUnderOpenSessions() throws IOException {
    try (HostModel host = LlamaCppHost.open(file(good));
        HostSession session = host.openSession(1)) {
      assertThatThrownBy(host::close)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("1 sessions");
      assertThat(session.length()).isZero();
    }
  }

  @Test
  void refusesTextWorkOnAClosedHost() throws IOException {
    LlamaCppHost host = LlamaCppHost.open(file(good));
    host.close();
    host.close();
    assertThatThrownBy(() -> host.tokenizer().encode("text")).hasMessageContaining("closed");
  }

  @Test
  void refusesAMemoryWithAnotherTokenizerAndNamesTheFirstDifferingIds() throws IOException {
    Path other = TinyModel.write(TinyModel.directory(directory, "other"), Family.QWEN2, 3);
    try (LlamaCppHost host = LlamaCppHost.open(file(good))) {
      assertThatThrownBy(() -> MemoryLoader.open(other, host))
          .isInstanceOf(IncompatibleMemoryException.class)
          .hasMessageContaining("id 0 is")
          .hasMessageContaining("differing ids");
    }
  }
}
