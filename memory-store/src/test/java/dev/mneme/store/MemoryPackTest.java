package dev.mneme.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.PackIntegrityException;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Packs: imported, verified, refused when anything is not as listed. */
class MemoryPackTest {

  @TempDir Path directory;
  private Path model = Path.of("");
  private Path pack = Path.of("");

  @BeforeEach
  void importModel() {
    model = TinyModel.write(TinyModel.directory(directory, "model"), Family.LLAMA, 1);
    pack = directory.resolve("pack");
    MemoryPack.importFrom(model, "law", "law of contracts", pack);
  }

  @Test
  void anImportedPackOpensWithWhatItWasGiven() {
    MemoryPack open = MemoryPack.open(pack);
    assertThat(open.name()).isEqualTo("law");
    assertThat(open.manifest().domain()).isEqualTo("law of contracts");
    assertThat(open.digest()).matches("sha256:[0-9a-f]{64}");
    assertThat(open.vocabulary().size()).isEqualTo(open.config().vocabulary());
    assertThat(open.storedType()).isEqualTo(WeightType.F32);
  }

  @Test
  void equalModelsGiveEqualDigestsAndOthersDoNot() {
    Path same = TinyModel.write(TinyModel.directory(directory, "same"), Family.LLAMA, 1);
    Path other = TinyModel.write(TinyModel.directory(directory, "other"), Family.LLAMA, 2);
    String digest = MemoryPack.open(pack).digest();
    assertThat(
            MemoryPack.importFrom(same, "law", "law of contracts", directory.resolve("p2"))
                .digest())
        .isEqualTo(digest);
    assertThat(
            MemoryPack.importFrom(other, "law", "law of contracts", directory.resolve("p3"))
                .digest())
        .isNotEqualTo(digest);
  }

  @Test
  void aHuggingFaceDirectoryOpensUnderItsOwnName() {
    MemoryPack open = MemoryPack.open(model);
    assertThat(open.name()).isEqualTo("model");
    assertThat(open.recommendedLambda()).isEmpty();
  }

  @Test
  void refusesAFlippedByteAndNamesFileAndDigests() throws IOException {
    Path weights = pack.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    bytes[bytes.length / 2] ^= 1;
    Files.write(weights, bytes);
    assertThatThrownBy(() -> MemoryPack.open(pack))
        .isInstanceOf(PackIntegrityException.class)
        .hasMessageContaining("model.safetensors")
        .hasMessageContaining("SHA-256");
  }

  @Test
  void refusesAMissingAnUnlistedAndACutFile() throws IOException {
    Files.write(pack.resolve("extra.safetensors"), new byte[3]);
    Files.write(pack.resolve("tokenizer.json"), new byte[5]);
    Files.delete(pack.resolve("config.json"));
    assertThatThrownBy(() -> MemoryPack.open(pack))
        .isInstanceOf(PackIntegrityException.class)
        .hasMessageContaining("extra.safetensors is there, but not listed")
        .hasMessageContaining("config.json is listed, but missing")
        .hasMessageContaining("tokenizer.json should have");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"schemaVersion\" : 1|\"schemaVersion\" : 2|schemaVersion",
        "\"name\" : \"law\"|\"name\" : \"../law\"|name",
        "\"name\" : \"law\",|`\"name\" : \"law\", \"name\" : \"law\",`|Duplicate",
        "\"kind\" : \"memory-decoder\"|\"kind\" : \"oracle\"|oracle",
        "\"domain\" : \"law of contracts\"|\"domain\" : 3|domain",
        "\"lambda\" : 0.6|\"lambda\" : -0.1|lambda",
        "\"lambda\" : 0.6|\"lambda\" : 1.01|lambda",
        "\"lambda\" : 0.6|\"lambda\" : -0.0|lambda",
        "\"lambda\" : 0.6|\"lambda\" : \"0.6\"|lambda",
        "\"lambda\" : 0.6,||lambda is missing",
        "\"lambda\" : 0.6|`\"lambda\" : 0.6, \"extra\" : 1`|extra is unknown",
        "\"name\" : \"config.json\"|\"name\" : \"../config.json\"|files[0].name",
        "\"name\" : \"config.json\"|\"name\" : \"tokenizer.json\"|twice",
        "\"sha256\" : \"|\"sha256\" : \"G|sha256",
      })
  void refusesAManifestWithAWrongField(String from, String to, String message) throws IOException {
    Path manifest = pack.resolve("pack.json");
    String text = Files.readString(manifest);
    assertThat(text).contains(from);
    Files.writeString(
        manifest,
        text.replaceFirst(
            java.util.regex.Pattern.quote(from),
            java.util.regex.Matcher.quoteReplacement(to == null ? "" : to)));
    assertThatThrownBy(() -> MemoryPack.open(pack))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("pack.json")
        .hasMessageContaining(message);
  }

  @Test
  void refusesToImportOverSomethingOrWithABadName() throws IOException {
    assertThatThrownBy(() -> MemoryPack.importFrom(model, "law", "law", pack))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("exists already");
    Path out = directory.resolve("bad");
    assertThatThrownBy(() -> MemoryPack.importFrom(model, "Law!", "law", out))
        .hasMessageContaining("Law!");
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("model", "pack");
    }
  }

  @Test
  void namesEveryTensorThatDoesNotFitTheConfiguration() throws IOException {
    Path config = model.resolve("config.json");
    Files.writeString(
        config,
        Files.readString(config).replace("\"intermediate_size\":64", "\"intermediate_size\":65"));
    assertThatThrownBy(() -> MemoryPack.open(model))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining(
            "model.layers.0.mlp.gate_proj.weight should have the shape [65, 32], but has [64, 32]")
        .hasMessageContaining("model.layers.1.mlp.down_proj.weight");
  }

  @Test
  void refusesAnUnsupportedArchitectureByName() throws IOException {
    Path config = model.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace("\"llama\"", "\"mamba\""));
    assertThatThrownBy(() -> MemoryPack.open(model))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("mamba")
        .hasMessageContaining("qwen2");
  }

  @Test
  void aDerivedFileIsWrittenOnceAndAgainWhenItIsDamaged() throws IOException {
    MemoryPack open = MemoryPack.open(pack);
    Path cache = directory.resolve("cache");
    Path file = DerivedGguf.of(open, WeightType.Q8_0, cache);
    byte[] bytes = Files.readAllBytes(file);
    var written = Files.getLastModifiedTime(file);
    assertThat(DerivedGguf.of(open, WeightType.Q8_0, cache)).isEqualTo(file);
    assertThat(Files.getLastModifiedTime(file)).isEqualTo(written);
    Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length - 100));
    DerivedGguf.of(open, WeightType.Q8_0, cache);
    assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
    assertThat(GgufFile.read(file).string("tokenizer.ggml.model")).contains("none");
  }
}
