package dev.mneme.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.PackIntegrityException;
import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.NamedPipe;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryPackTest {

  @TempDir private Path folder;
  private Path model;
  private Path out;

  @BeforeEach
  void writeModel() {
    model = TinyModel.write(TinyModel.directory(folder, "Tiny Model"), Family.LLAMA, 1);
    out = folder.resolve("packs").resolve("law");
  }

  @ParameterizedTest
  @EnumSource
  void importsEveryFamily(Family family) {
    TinyModel.write(model, family, 2);
    MemoryPack pack = MemoryPack.importFrom(model, "law", "Swiss law", out);
    assertThat(pack.name()).isEqualTo("law");
    assertThat(pack.manifest().domain()).isEqualTo("Swiss law");
    assertThat(pack.manifest().architecture().name()).isEqualTo(family.name());
    assertThat(pack.kind()).isEqualTo(new PackKind.MemoryDecoder());
    assertThat(pack.recommendedLambda()).hasValue(PackLabel.DEFAULT_LAMBDA);
    assertThat(pack.vocabulary().size()).isEqualTo(pack.network().vocabulary());
    assertThat(pack.storedType()).isEqualTo(WeightType.F32);
  }

  @Test
  void copiesModelFilesAndLicencesOnly() throws IOException {
    Files.writeString(model.resolve("LICENSE"), "free");
    Files.writeString(model.resolve("notes.txt"), "mine");
    Files.writeString(model.resolve("pytorch_model.bin"), "pickle");
    MemoryPack.importFrom(model, "law", "", out);
    assertThat(names(out))
        .containsExactly(
            "LICENSE", "config.json", "model.safetensors", "pack.json", "tokenizer.json");
    assertThat(names(folder.resolve("packs"))).containsExactly("law");
  }

  @Test
  void importsShards() {
    ModelEdit.shard(model);
    MemoryPack pack = MemoryPack.importFrom(model, "law", "", out);
    assertThat(pack.manifest().files()).hasSize(5);
  }

  @Test
  void digestIsThatOfTheManifestAndTellsContentsApart() {
    MemoryPack pack = MemoryPack.importFrom(model, "law", "", out);
    assertThat(pack.digest()).matches("sha256:[0-9a-f]{64}");
    assertThat(MemoryPack.open(out).digest()).isEqualTo(pack.digest());
    MemoryPack same = MemoryPack.importFrom(model, "law", "", folder.resolve("same"));
    assertThat(same.digest()).isEqualTo(pack.digest());
    TinyModel.write(model, Family.LLAMA, 2);
    MemoryPack other = MemoryPack.importFrom(model, "law", "", folder.resolve("other"));
    assertThat(other.digest()).isNotEqualTo(pack.digest());
  }

  @Test
  void opensAPlainFolderUnderItsName() {
    MemoryPack pack = MemoryPack.open(model);
    assertThat(pack.name()).isEqualTo("Tiny Model");
    assertThat(pack.recommendedLambda()).isEmpty();
    assertThat(pack.network().architecture()).isEqualTo(Architecture.LLAMA);
    assertThat(pack.digest())
        .matches("sha256:[0-9a-f]{64}")
        .isEqualTo(MemoryPack.open(model).digest());
    TinyModel.write(model, Family.LLAMA, 2);
    assertThat(MemoryPack.open(model).digest()).isNotEqualTo(pack.digest());
  }

  @Test
  void refusesOneFlippedByteOfTheWeights() throws IOException {
    MemoryPack.importFrom(model, "law", "", out);
    Path weights = out.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    bytes[bytes.length - 5] ^= 1;
    Files.write(weights, bytes);
    String expected = PackFiles.describe(model.resolve("model.safetensors")).sha256();
    String actual = PackFiles.describe(weights).sha256();
    refuses("\"model.safetensors\" has SHA-256 " + actual + ", expected " + expected);
  }

  @Test
  void refusesAFileOfAnotherSize() throws IOException {
    MemoryPack.importFrom(model, "law", "", out);
    long size = Files.size(out.resolve("config.json"));
    Files.writeString(out.resolve("config.json"), "{}");
    refuses("\"config.json\" has 2 bytes, expected " + size);
  }

  @Test
  void refusesAListedFileThatIsAbsent() throws IOException {
    MemoryPack.importFrom(model, "law", "", out);
    Files.delete(out.resolve("tokenizer.json"));
    refuses("\"tokenizer.json\" is listed but absent");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.safetensors.index.json",
        "extra.safetensors",
        "tokenizer_config.json",
        "Model.GGUF",
        "pytorch_model.bin"
      })
  void refusesAModelFileThatIsNotListed(String name) throws IOException {
    MemoryPack.importFrom(model, "law", "", out);
    Files.writeString(out.resolve(name), "{}");
    refuses("\"" + name + "\" is there but not listed");
  }

  @Test
  void leavesOtherFilesAlone() throws IOException {
    MemoryPack pack = MemoryPack.importFrom(model, "law", "", out);
    Files.writeString(out.resolve("notes.txt"), "mine");
    assertThat(MemoryPack.open(out).digest()).isEqualTo(pack.digest());
  }

  @Test
  void countsWeightsThatAreNoNumbers() throws IOException {
    assertThat(MemoryPack.importFrom(model, "law", "", out).weightsNotFinite()).isZero();
    Path weights = model.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    ByteBuffer.wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putFloat(bytes.length - Float.BYTES, Float.NaN)
        .putFloat(bytes.length - 2 * Float.BYTES, Float.NEGATIVE_INFINITY);
    Files.write(weights, bytes);
    Path second = out.resolveSibling("second");
    assertThat(MemoryPack.importFrom(model, "law", "", second).weightsNotFinite()).isEqualTo(2);
  }

  @Test
  void refusesAManifestThatIsAPipeWithoutWaitingForIt() throws IOException {
    MemoryPack.importFrom(model, "law", "", out);
    NamedPipe.make(out.resolve("pack.json"));
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () ->
            assertThatThrownBy(() -> MemoryPack.open(out))
                .isInstanceOf(PackIntegrityException.class)
                .hasMessageContaining("pack.json"));
  }

  @Test
  void refusesAManifestOfGigabytesBeforeReadingIt() throws IOException {
    MemoryPack.importFrom(model, "law", "", out);
    lengthen(out.resolve("pack.json"), 3L << 30);
    assertThatThrownBy(() -> MemoryPack.open(out))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("pack.json", "3221225472 bytes", "at most");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "generation_config.json",
        "chat_template.jinja",
        "model.safetensors.index.json"
      })
  void refusesAFileOfGigabytesInAPlainFolderBeforeReadingIt(String name) throws IOException {
    if (name.startsWith("model.")) {
      Files.delete(model.resolve("model.safetensors"));
    }
    lengthen(model.resolve(name), 1L << 30);
    assertThatThrownBy(() -> MemoryPack.importFrom(model, "law", "", out))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll(name, "1073741824 bytes", "at most");
  }

  private static void lengthen(Path file, long size) throws IOException {
    try (var sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(size);
    }
  }

  @Test
  void namesAGitLfsPointerInAPack() throws IOException {
    MemoryPack.importFrom(model, "law", "", out);
    Files.writeString(
        out.resolve("model.safetensors"),
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n");
    refuses("\"model.safetensors\" is a Git LFS pointer");
  }

  @Test
  void saysWhatAFileInPlaceOfAPackIs() throws IOException {
    Path file = Files.writeString(model.resolve("host.gguf"), "GGUF");
    assertThatThrownBy(() -> MemoryPack.open(file))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll(file.toString(), "is a GGUF file", "a pack is a folder");
    Path link = Files.createSymbolicLink(model.resolve("law"), Path.of("gone"));
    assertThatThrownBy(() -> MemoryPack.open(link)).hasMessageContaining("is a link to gone");
  }

  @Test
  void opensAFolderOfLinksAsAHubsCacheHasThem() throws IOException {
    Path snapshot = Files.createDirectories(out.resolveSibling("snapshot"));
    try (var files = Files.list(model)) {
      for (Path file : files.toList()) {
        Files.createSymbolicLink(snapshot.resolve(file.getFileName()), file);
      }
    }
    assertThat(MemoryPack.open(snapshot).vocabulary().size())
        .isEqualTo(MemoryPack.open(model).vocabulary().size());
    MemoryPack.importFrom(snapshot, "law", "", out);
    assertThat(out.resolve("model.safetensors")).isRegularFile();
  }

  @Test
  void refusesAManifestThatIsALink() throws IOException {
    MemoryPack.importFrom(model, "law", "", out);
    Path elsewhere = Files.move(out.resolve("pack.json"), out.resolveSibling("elsewhere.json"));
    Files.createSymbolicLink(out.resolve("pack.json"), elsewhere);
    assertThatThrownBy(() -> MemoryPack.open(out))
        .isInstanceOf(PackIntegrityException.class)
        .hasMessageContaining("pack.json");
  }

  @Test
  void refusesALinkInAPack() throws IOException {
    MemoryPack.importFrom(model, "law", "", out);
    Path config = out.resolve("config.json");
    Files.delete(config);
    Files.createSymbolicLink(config, model.resolve("config.json"));
    refuses("\"config.json\" is listed but is no regular file");
  }

  @Test
  void listsEveryProblemAtOnce() throws IOException {
    MemoryPack.importFrom(model, "law", "", out);
    Files.delete(out.resolve("tokenizer.json"));
    Files.writeString(out.resolve("config.json"), "{}");
    Files.writeString(out.resolve("evil.pkl"), "");
    refuses("tokenizer.json", "config.json", "evil.pkl");
  }

  @Test
  void refusesAManifestThatContradictsTheModel() throws IOException {
    MemoryPack pack = MemoryPack.importFrom(model, "law", "", out);
    PackManifest m = pack.manifest();
    var wrong =
        new PackManifest(
            m.name(),
            m.version(),
            m.domain(),
            m.kind(),
            m.description(),
            m.lambda(),
            Architecture.QWEN2,
            m.vocabularySize() + 1,
            m.files());
    Files.write(out.resolve("pack.json"), wrong.toBytes());
    assertThatThrownBy(() -> MemoryPack.open(out))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("pack.json", "qwen2", "llama", "config.json");
  }

  @Test
  void refusesAPlaceThatIsTaken() throws IOException {
    Files.createDirectories(out);
    refusesImport(() -> MemoryPack.importFrom(model, "law", "", out), out + " exists already");
    assertThat(names(out)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Law", "../law", "a/b", "con"})
  void refusesABadName(String name) {
    refusesImport(() -> MemoryPack.importFrom(model, name, "", out), "\"" + name + "\" is no name");
  }

  @Test
  void refusesPickledWeightsAndNamesTheSafeAlternative() throws IOException {
    Files.move(model.resolve("model.safetensors"), model.resolve("pytorch_model.bin"));
    refusesImport(
        () -> MemoryPack.importFrom(model, "law", "", out),
        "pytorch_model.bin",
        "model.safetensors");
  }

  @Test
  void refusesAModelWithWrongTensorsBeforeCopyingAnything() {
    ModelEdit.tensors(model, tensors -> tensors.remove("model.norm.weight"));
    refusesImport(
        () -> MemoryPack.importFrom(model, "law", "", out), "\"model.norm.weight\" is missing");
  }

  @Test
  void refusesAModelWithoutTokenizer() throws IOException {
    Files.delete(model.resolve("tokenizer.json"));
    refusesImport(() -> MemoryPack.importFrom(model, "law", "", out), "tokenizer.json");
    assertThatThrownBy(() -> MemoryPack.open(model)).hasMessageContaining("tokenizer.json");
  }

  @Test
  void refusesAnUnsupportedFamily() {
    ModelEdit.json(model, "config.json", c -> c.put("model_type", "gemma"));
    refusesImport(() -> MemoryPack.importFrom(model, "law", "", out), "gemma");
  }

  @Test
  void refusesAPlaceWithoutAPack() {
    assertThatThrownBy(() -> MemoryPack.open(folder.resolve("absent")))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("no such pack");
  }

  private void refuses(String... messageParts) {
    assertThatThrownBy(() -> MemoryPack.open(out))
        .isInstanceOf(PackIntegrityException.class)
        .hasMessageContaining(out.toString())
        .hasMessageContainingAll(messageParts);
  }

  private void refusesImport(ThrowingCallable call, String... messageParts) {
    assertThatThrownBy(call)
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll(messageParts);
    assertThat(out.resolve("pack.json")).doesNotExist();
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
