package dev.mneme.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.HostIdentity;
import dev.mneme.MnemeException;
import dev.mneme.Tap;
import dev.mneme.Tap.Point;
import dev.mneme.TappedHost;
import dev.mneme.store.PackKind.MemoryDecoder;
import dev.mneme.store.PackKind.MlpMemory;
import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import dev.mneme.store.hf.MlpShape;
import dev.mneme.store.hf.MlpShape.Style;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.TinyMlp;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MlpPackTest {
  private static final HostIdentity HOST =
      new HostIdentity("llama", TinyModel.HIDDEN, TinyModel.LAYERS, "sha256:" + "7".repeat(64));
  private static final TappedHost READS = new TappedHost(HOST, Tap.lastFeedForwardInput());

  @TempDir private Path folder;
  private Path host;
  private Path memory;
  private Path out;

  @BeforeEach
  void writeModels() {
    host = TinyModel.write(TinyModel.directory(folder, "host"), Family.LLAMA, 1);
    memory = TinyMlp.write(TinyModel.directory(folder, "memory"), Style.MISTRAL, host, 1);
    out = folder.resolve("packs").resolve("law");
  }

  @ParameterizedTest
  @EnumSource
  void importsEitherStyleWithItsHost(Style style) {
    TinyMlp.write(memory, style, host, 2);
    MemoryPack pack =
        MemoryPack.importFrom(
            memory, PackLabel.of("law", "Swiss law").withLambda(0.75), READS, out);
    assertThat(pack.kind()).isEqualTo(new MlpMemory(READS));
    assertThat(pack.manifest().kind()).isEqualTo(pack.kind());
    assertThat(pack.manifest().architecture()).isEqualTo(style.architecture());
    assertThat(pack.recommendedLambda()).hasValue(0.75);
    assertThat(pack.network())
        .isInstanceOfSatisfying(
            MlpShape.class, shape -> assertThat(shape.input()).isEqualTo(TinyModel.HIDDEN));
    assertThat(pack.vocabulary().size()).isEqualTo(pack.network().vocabulary());
    assertThat(pack.storedType()).isEqualTo(WeightType.F32);
    assertThat(MemoryPack.open(out).digest()).isEqualTo(pack.digest());
  }

  @Test
  void importsAMemoryWiderThanItsHost() {
    TinyMlp.write(memory, Style.MISTRAL, host, 48, 2);
    ModelEdit.shard(memory);
    MemoryPack pack =
        MemoryPack.importFrom(memory, PackLabel.of("law", "").withLambda(0.5), READS, out);
    assertThat(pack.network().hidden()).isEqualTo(48);
  }

  @Test
  void differentHostsMakeDifferentPacks() {
    MemoryPack pack =
        MemoryPack.importFrom(memory, PackLabel.of("law", "").withLambda(0.5), READS, out);
    var other = new TappedHost(HOST, new Tap(0, Point.BLOCK_OUTPUT));
    MemoryPack same =
        MemoryPack.importFrom(
            memory, PackLabel.of("law", "").withLambda(0.5), other, folder.resolve("2"));
    assertThat(same.digest()).isNotEqualTo(pack.digest());
  }

  @Test
  void refusesAnMlpMemoryWithoutItsHost() {
    refuses(() -> MemoryPack.open(memory), "holds an MLP Memory", "together with the host");
    refuses(() -> MemoryPack.importFrom(memory, "law", "", out), "together with the host");
    refuses(
        () -> MemoryPack.importFrom(memory, PackLabel.of("law", "").withLambda(0.5), out),
        "together with the host");
  }

  @Test
  void refusesADecoderWithAHost() {
    refuses(
        () -> MemoryPack.importFrom(host, PackLabel.of("law", "").withLambda(0.5), READS, out),
        "named as an MLP Memory's",
        "without a host");
  }

  @Test
  void refusesAHostOfAnotherWidth() {
    var wider = new HostIdentity("llama", 64, 2, HOST.norms());
    refuses(
        () -> importFor(new TappedHost(wider, Tap.lastFeedForwardInput())),
        "activations of 32 floats",
        "its host's have 64");
  }

  @Test
  void refusesAHostWithoutTheTappedBlock() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> importFor(new TappedHost(HOST, new Tap(2, Point.FEED_FORWARD_INPUT))))
        .withMessageContaining("not in a host of 2 blocks");
    assertThat(out).doesNotExist();
  }

  @Test
  void refusesAnIdentityThatIsNone() {
    var nameless = new HostIdentity("llama", 32, 2, "md5:0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> importFor(new TappedHost(nameless, Tap.lastFeedForwardInput())))
        .withMessageContaining("identifies no host");
  }

  @Test
  void refusesAMemoryWithWrongTensorsBeforeCopyingAnything() {
    ModelEdit.tensors(memory, tensors -> tensors.remove("norm.weight"));
    refuses(() -> importFor(READS), "\"norm.weight\" is missing");
  }

  @Test
  void refusesPickledWeightsAndNamesTheSafeAlternative() throws IOException {
    Files.move(memory.resolve("model.safetensors"), memory.resolve("pytorch_model.bin"));
    refuses(() -> importFor(READS), "pytorch_model.bin", "safe_serialization=True");
    refuses(() -> MemoryPack.open(memory), "pytorch_model.bin", "safe_serialization=True");
    refuses(
        () -> MemoryPack.importFrom(memory, "law", "", out),
        "pytorch_model.bin",
        "safe_serialization=True");
  }

  @Test
  void refusesAManifestOfAnotherHostWidth() throws IOException {
    PackManifest manifest = importFor(READS).manifest();
    var wider = new HostIdentity("llama", 33, 2, HOST.norms());
    rewrite(
        manifest,
        new MlpMemory(new TappedHost(wider, READS.tap())),
        manifest.architecture(),
        manifest.vocabularySize());
    refusesPack("activations of 32 floats", "33");
  }

  @Test
  void refusesAManifestOfAnotherVocabulary() throws IOException {
    PackManifest manifest = importFor(READS).manifest();
    rewrite(manifest, manifest.kind(), manifest.architecture(), manifest.vocabularySize() + 1);
    refusesPack("pack.json", "\"vocabularySize\"", "config.json");
  }

  @Test
  void refusesAManifestOfAnotherStyle() throws IOException {
    PackManifest manifest = importFor(READS).manifest();
    rewrite(manifest, manifest.kind(), Architecture.GPT2, manifest.vocabularySize());
    refusesPack("pack.json", "gpt2", "mistral");
  }

  @Test
  void refusesAManifestOfAnotherKind() throws IOException {
    PackManifest manifest = importFor(READS).manifest();
    rewrite(manifest, new MemoryDecoder(), manifest.architecture(), manifest.vocabularySize());
    refusesPack("holds an MLP Memory");
  }

  private MemoryPack importFor(TappedHost reads) {
    return MemoryPack.importFrom(memory, PackLabel.of("law", "").withLambda(0.5), reads, out);
  }

  private void rewrite(PackManifest m, PackKind kind, Architecture architecture, int vocabulary)
      throws IOException {
    var changed =
        new PackManifest(
            m.name(),
            m.version(),
            m.domain(),
            kind,
            m.description(),
            m.lambda(),
            architecture,
            vocabulary,
            m.files());
    Files.write(out.resolve(PackManifest.FILE), changed.toBytes());
  }

  private void refusesPack(String... messageParts) {
    assertThatThrownBy(() -> MemoryPack.open(out))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll(messageParts);
  }

  private void refuses(ThrowingCallable call, String... messageParts) {
    assertThatThrownBy(call)
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll(messageParts);
    assertThat(out).doesNotExist();
  }
}
