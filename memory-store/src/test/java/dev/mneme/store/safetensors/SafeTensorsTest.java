package dev.mneme.store.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.mneme.MalformedFileException;
import dev.mneme.store.safetensors.SafeTensorsWriter.Entry;
import dev.mneme.store.testing.NamedPipe;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The format's rules, one broken at a time. */
class SafeTensorsTest {

  @TempDir Path directory;

  private Path file(byte[] bytes) throws IOException {
    return Files.write(directory.resolve("model.safetensors"), bytes);
  }

  private Path file(long headerLength, byte[] header, int dataBytes) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    return file(bytes.putLong(headerLength).put(header).array());
  }

  private Path file(String header, int dataBytes) throws IOException {
    byte[] bytes = header.getBytes(StandardCharsets.UTF_8);
    return file(bytes.length, bytes, dataBytes);
  }

  private static String tensor(String name, String dtype, String shape, String offsets) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}"
        .formatted(name, dtype, shape, offsets);
  }

  private static void assertRefused(Path file, String... words) {
    assertThatThrownBy(() -> SafeTensorsFile.open(file))
        .isInstanceOf(MalformedFileException.class)
        .message()
        .contains("model.safetensors")
        .satisfies(message -> assertThat(words).allMatch(message::contains));
  }

  private static void assertAccepted(Path file, int tensors) {
    try (SafeTensorsFile open = SafeTensorsFile.open(file)) {
      assertThat(open.tensors()).hasSize(tensors);
    }
  }

  @Test
  void refusesAPipeWithoutWaitingForIt() throws IOException {
    Path file = directory.resolve("model.safetensors");
    NamedPipe.make(file);
    assertTimeoutPreemptively(
        Duration.ofSeconds(20), () -> assertRefused(file, "is no regular file"));
  }

  @Test
  void refusesAFileTooShortForItsLengthField() throws IOException {
    assertRefused(file(new byte[0]), "TRUNCATED");
    assertRefused(file(new byte[7]), "TRUNCATED");
  }

  @Test
  void refusesAHeaderLengthThatIsNegativeAsALong() throws IOException {
    assertRefused(file(0xFFFFFFFF0000003CL, new byte[0], 0), "18446744069414584380");
  }

  @Test
  void refusesAHeaderOverTheCapBeforeReadingIt() throws IOException {
    Path file = file(100_000_001L, new byte[0], 0);
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(200_000_000L);
    }
    assertRefused(file, "100000001");
  }

  @Test
  void refusesAHeaderLongerThanTheFile() throws IOException {
    assertRefused(file(0x3C, new byte[0], 0), "TRUNCATED");
  }

  @Test
  void refusesAnEmptyHeader() throws IOException {
    assertRefused(file("", 0));
  }

  @Test
  void refusesAHeaderThatIsNotUtf8() throws IOException {
    assertRefused(file(1, new byte[] {(byte) 0xFF}, 0), "UTF-8");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "[]", "null", "1", "{}x", "{} {}"})
  void refusesAHeaderThatIsNoSingleJsonObject(String header) throws IOException {
    assertRefused(file(header, 0));
  }

  @Test
  void acceptsBlanksAroundTheHeader() throws IOException {
    assertAccepted(file("  {}   ", 0), 0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"w", "\\u0077"})
  void refusesTheSameNameTwiceHoweverItIsWritten(String second) throws IOException {
    assertRefused(
        file(
            "{"
                + tensor("w", "U8", "[4]", "[0,4]")
                + ","
                + tensor(second, "F32", "[1]", "[0,4]")
                + "}",
            4),
        "DUPLICATE_NAME");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "{}", "null", "[]"})
  void refusesMetadataThatIsNotText(String value) throws IOException {
    assertRefused(file("{\"__metadata__\":{\"a\":" + value + "}}", 0), "__metadata__.a");
  }

  @Test
  void anUppercaseMetadataNameIsAnOrdinaryTensor() throws IOException {
    assertAccepted(file("{" + tensor("__METADATA__", "U8", "[1]", "[0,1]") + "}", 1), 1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[0]",
        "[0,1,2]",
        "[\"0\",\"1\"]",
        "[0,16.0]",
        "[0,1e1]",
        "[-1,3]",
        "[0,9223372036854775808]",
        "[0,99999999999999999999999999]",
        "7"
      })
  void refusesOffsetsThatAreNotTwoWholeNumbers(String offsets) throws IOException {
    assertRefused(file("{" + tensor("w", "U8", "[1]", offsets) + "}", 1));
  }

  @Test
  void refusesATensorThatEndsBeforeItBegins() throws IOException {
    assertRefused(file("{" + tensor("w", "U8", "[4]", "[4,0]") + "}", 4), "w", "before it begins");
  }

  @Test
  void refusesTensorsThatOverlap() throws IOException {
    assertRefused(
        file(
            "{"
                + tensor("a", "U8", "[16]", "[0,16]")
                + ","
                + tensor("b", "U8", "[16]", "[0,16]")
                + "}",
            16),
        "OVERLAP",
        "b");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {"[0,16];[20,36]", "[4,20];[20,36]"})
  void refusesAHoleBetweenOrBeforeTensors(String first, String second) throws IOException {
    assertRefused(
        file(
            "{" + tensor("a", "U8", "[16]", first) + "," + tensor("b", "U8", "[16]", second) + "}",
            36),
        "HOLE");
  }

  @Test
  void refusesBytesAfterTheLastTensor() throws IOException {
    assertRefused(file("{" + tensor("w", "U8", "[4]", "[0,4]") + "}", 6), "TRAILING");
  }

  @Test
  void refusesMissingBytesAtTheEnd() throws IOException {
    assertRefused(file("{" + tensor("w", "U8", "[4]", "[0,4]") + "}", 2), "TRUNCATED");
  }

  @Test
  void refusesASizeThatDoesNotFollowFromTheShape() throws IOException {
    assertRefused(
        file("{" + tensor("w", "I32", "[2,2]", "[0,4]") + "}", 4),
        "SIZE_MISMATCH",
        "w",
        "128",
        "4");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[2,18446744073709551614]", "[2,9223372036854775807]"})
  void refusesAShapeThatOverflows(String shape) throws IOException {
    assertRefused(file("{" + tensor("w", "U8", shape, "[0,4]") + "}", 4), "overflows");
  }

  @ParameterizedTest
  @ValueSource(strings = {"F99", "f32"})
  void refusesAnUnknownDtype(String dtype) throws IOException {
    assertRefused(file("{" + tensor("w", dtype, "[1]", "[0,4]") + "}", 4), dtype);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"w\":{\"shape\":[1],\"data_offsets\":[0,1]}}",
        "{\"w\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}",
        "{\"w\":{\"dtype\":\"U8\",\"shape\":[1]}}"
      })
  void refusesAMissingField(String header) throws IOException {
    assertRefused(file(header, 1), "w");
  }

  @Test
  void refusesAnUnknownFieldOfATensor() throws IOException {
    assertRefused(
        file("{\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":1}}", 1),
        "unknown field x");
  }

  @Test
  void acceptsEmptyTensorsAndScalars() throws IOException {
    assertAccepted(
        file(
            "{"
                + tensor("e", "I32", "[2,0]", "[0,0]")
                + ","
                + tensor("s", "F32", "[]", "[0,4]")
                + "}",
            4),
        2);
  }

  @Test
  void acceptsAHeaderInAnotherOrderThanTheData() throws IOException {
    assertAccepted(
        file(
            "{" + tensor("b", "U8", "[2]", "[2,4]") + "," + tensor("a", "U8", "[2]", "[0,2]") + "}",
            4),
        2);
  }

  @Test
  void acceptsAHeaderOfThreeMebibytes() throws IOException {
    assertAccepted(file("{" + tensor("w", "U8", "[1]", "[0,1]") + "}" + " ".repeat(3 << 20), 1), 1);
  }

  @Test
  void refusesDeepNestingAndOverlongNames() throws IOException {
    assertRefused(file("{\"w\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}", 0));
    assertRefused(file("{\"" + "n".repeat(1 << 20) + "\":{}}", 0));
  }

  @Test
  void refusesMoreTensorsThanAnyModelHas() throws IOException {
    var header = new StringBuilder("{");
    for (int i = 0; i <= 100_000; i++) {
      header.append(i == 0 ? "" : ",").append(tensor("t" + i, "U8", "[0]", "[0,0]"));
    }
    assertRefused(file(header.append("}").toString(), 0), "100000");
  }

  @Test
  void acceptsWhatIsNoNumberAmongTheWeights() {
    Path file = directory.resolve("model.safetensors");
    float[] weights = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
    SafeTensorsWriter.write(file, Map.of(), List.of(Entry.of("w", List.of(3L), weights)));
    try (SafeTensorsFile open = SafeTensorsFile.open(file)) {
      float[] back = new float[3];
      FloatReader.read(Dtype.F32, open.data("w"), 0, back, 3);
      assertThat(back).containsExactly(weights);
    }
  }

  @Test
  void readsTensorsBeyondTwoGibibytes() throws IOException {
    long size = 2_500_000_000L;
    byte[] header =
        ("{"
                + tensor("big", "U8", "[" + size + "]", "[0," + size + "]")
                + ","
                + tensor("end", "U8", "[1]", "[" + size + "," + (size + 1) + "]")
                + "}")
            .getBytes(StandardCharsets.UTF_8);
    Path file = file(header.length, header, 0);
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(8 + header.length + size + 1);
      sparse.seek(8 + header.length + size);
      sparse.write(42);
    }
    try (SafeTensorsFile open = SafeTensorsFile.open(file)) {
      assertThat(open.data("big").byteSize()).isEqualTo(size);
      assertThat(open.data("end").get(java.lang.foreign.ValueLayout.JAVA_BYTE, 0))
          .isEqualTo((byte) 42);
    }
  }

  @Test
  void aFileTruncatedWhileMappedGivesATypedError() throws IOException {
    Path file = directory.resolve("model.safetensors");
    SafeTensorsWriter.write(
        file, Map.of(), List.of(Entry.of("w", List.of(100_000L), new float[100_000])));
    try (SafeTensorsFile open = SafeTensorsFile.open(file)) {
      MemorySegment data = open.data("w");
      try (RandomAccessFile cut = new RandomAccessFile(file.toFile(), "rw")) {
        cut.setLength(4096);
      }
      assertThatThrownBy(() -> open.data("w"))
          .isInstanceOf(MalformedFileException.class)
          .hasMessageContaining("TRUNCATED");
      assertThatThrownBy(() -> FloatReader.read(Dtype.F32, data, 50_000, new float[1000], 1000))
          .isInstanceOf(MalformedFileException.class);
    }
  }

  @Test
  void floatsOfEveryReadableDtypeComeBack() {
    byte[] half =
        ByteBuffer.allocate(4)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putShort(Float.floatToFloat16(1.5f))
            .putShort(Float.floatToFloat16(-2f))
            .array();
    byte[] brain =
        ByteBuffer.allocate(4)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putShort((short) (Float.floatToIntBits(1.5f) >>> 16))
            .putShort((short) (Float.floatToIntBits(-2f) >>> 16))
            .array();
    float[] into = new float[2];
    FloatReader.read(Dtype.F16, MemorySegment.ofArray(half), 0, into, 2);
    assertThat(into).containsExactly(1.5f, -2f);
    FloatReader.read(Dtype.BF16, MemorySegment.ofArray(brain), 0, into, 2);
    assertThat(into).containsExactly(1.5f, -2f);
    assertThatThrownBy(
            () -> FloatReader.read(Dtype.F8_E4M3, MemorySegment.ofArray(half), 0, into, 2))
        .hasMessageContaining("F8_E4M3");
  }

  @Test
  void whatIsWrittenIsReadBack() {
    var random = new Random(1);
    float[] values = new float[60];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat();
    }
    Path file = directory.resolve("model.safetensors");
    SafeTensorsWriter.write(
        file,
        Map.of("format", "pt"),
        List.of(
            Entry.of("a", List.of(3L, 20L), values), Entry.of("b", List.of(), new float[] {7f})));
    try (SafeTensorsFile open = SafeTensorsFile.open(file)) {
      assertThat(open.metadata()).containsEntry("format", "pt");
      float[] back = new float[60];
      FloatReader.read(Dtype.F32, open.data("a"), 0, back, 60);
      assertThat(back).containsExactly(values);
      assertThatThrownBy(() -> open.data("c")).hasMessageContaining("c");
    }
  }
}
