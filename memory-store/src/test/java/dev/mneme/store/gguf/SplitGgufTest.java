package dev.mneme.store.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MalformedFileException;
import dev.mneme.store.HostNorms;
import dev.mneme.store.WeightType;
import dev.mneme.store.hf.GgufConverter;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models of several GGUF files, opened by their first part. */
class SplitGgufTest {

  @TempDir static Path models;
  private static Path whole = Path.of("");

  private final Path directory;
  private List<Path> parts = List.of();

  SplitGgufTest(@TempDir Path directory) {
    this.directory = directory;
  }

  @BeforeAll
  static void makeModel() {
    TinyModel.write(models, Family.LLAMA, 1);
    whole = models.resolve("whole.gguf");
    GgufConverter.convertHost(models, whole, WeightType.F32);
  }

  @BeforeEach
  void split() {
    parts = GgufParts.write(whole, directory, "model", 3);
  }

  @Test
  void theFirstPartHasTheTensorsOfAll() {
    GgufFile file = GgufFile.read(parts.getFirst());
    GgufFile one = GgufFile.read(whole);
    assertThat(file.path()).isEqualTo(parts.getFirst());
    assertThat(file.parts()).isEqualTo(parts);
    assertThat(one.parts()).containsExactly(whole);
    assertThat(file.metadata()).containsAllEntriesOf(one.metadata());
    assertThat(file.tensors().keySet()).containsExactlyInAnyOrderElementsOf(one.tensors().keySet());
    assertThat(file.tensors().values())
        .allSatisfy(tensor -> assertThat(tensor.file()).isIn(parts))
        .anySatisfy(tensor -> assertThat(tensor.file()).isEqualTo(parts.getLast()));
  }

  @Test
  void whichHostItIsDoesNotDependOnTheParts() {
    assertThat(HostNorms.ofGguf(GgufFile.read(parts.getFirst())))
        .isEqualTo(HostNorms.ofGguf(GgufFile.read(whole)));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void aLaterPartNamesTheFirst(int part) {
    assertThatThrownBy(() -> GgufFile.read(parts.get(part)))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("part %d of a model of 3 files".formatted(part + 1))
        .hasMessageContaining("open the first part")
        .hasMessageContaining(parts.getFirst().toString());
  }

  @Test
  void aMissingPart() throws IOException {
    Files.delete(parts.get(1));
    assertRefused("part 2 of 3", parts.get(1).getFileName().toString());
  }

  @Test
  void aPartThatIsNoFile() throws IOException {
    Files.delete(parts.get(1));
    Files.createDirectory(parts.get(1));
    assertRefused("part 2 of 3", parts.get(1).getFileName().toString());
  }

  @Test
  void partsInEachOthersPlace() throws IOException {
    Path aside = directory.resolve("aside");
    Files.move(parts.get(1), aside);
    Files.move(parts.get(2), parts.get(1));
    Files.move(aside, parts.get(2));
    assertRefused("says that it is part 3 of 3, but by its name it is part 2 of 3");
  }

  @Test
  void aTensorThatIsInTwoParts() {
    partWithoutTensors(1)
        .addTensor(
            "token_embd.weight",
            GgufType.F32,
            List.of(1L),
            out -> out.write(ByteBuffer.allocate(Float.BYTES)))
        .write(parts.get(1));
    assertRefused("token_embd.weight", "already", "mixed");
  }

  @Test
  void aPartOfAModelWithAnotherNumberOfTensors() {
    var other = new GgufWriter();
    other.put("split.no", GgufParts.uint16(1));
    other.put("split.count", GgufParts.uint16(3));
    other.put("split.tensors.count", new GgufValue.Int(GgufValue.Type.INT32, 5));
    other.write(parts.get(1));
    assertRefused("has 5 tensors", "mixed");
  }

  @Test
  void partsWithFewerTensorsThanTheyPromise() {
    partWithoutTensors(1).write(parts.get(1));
    assertRefused("but its 3 parts have");
  }

  @Test
  void aPartWithoutItsNumber() {
    new GgufWriter().write(parts.get(2));
    assertRefused("split.no", parts.get(2).getFileName().toString());
  }

  @Test
  void aPartWhoseNumberIsOfAnotherType() {
    var other = new GgufWriter();
    other.putUint32("split.no", 2);
    other.write(parts.get(2));
    assertRefused("split.no", "expected uint16, found uint32");
  }

  @Test
  void aFirstPartThatWasRenamed() throws IOException {
    Path renamed = Files.move(parts.getFirst(), directory.resolve("renamed.gguf"));
    assertThatThrownBy(() -> GgufFile.read(renamed))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("-00001-of-00003.gguf");
  }

  @Test
  void aCutPart() throws IOException {
    byte[] bytes = Files.readAllBytes(parts.get(2));
    Files.write(parts.get(2), Arrays.copyOf(bytes, bytes.length - 1));
    assertRefused("truncated", parts.get(2).getFileName().toString());
  }

  private void assertRefused(String... words) {
    assertThatThrownBy(() -> GgufFile.read(parts.getFirst()))
        .isInstanceOf(MalformedFileException.class)
        .message()
        .contains(words);
  }

  /** A part of the model of this test, without tensors. */
  private GgufWriter partWithoutTensors(int index) {
    int tensors = GgufFile.read(whole).tensors().size();
    return new GgufWriter()
        .put("split.no", GgufParts.uint16(index))
        .put("split.count", GgufParts.uint16(3))
        .put("split.tensors.count", new GgufValue.Int(GgufValue.Type.INT32, tensors));
  }
}
