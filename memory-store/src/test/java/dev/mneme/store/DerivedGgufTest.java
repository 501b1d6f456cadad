package dev.mneme.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.HostIdentity;
import dev.mneme.MnemeException;
import dev.mneme.Tap;
import dev.mneme.TappedHost;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.hf.MlpShape.Style;
import dev.mneme.store.testing.TinyMlp;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DerivedGgufTest {

  @TempDir private Path folder;
  private MemoryPack pack;
  private Path cache;

  @BeforeEach
  void writePack() {
    pack = MemoryPack.open(TinyModel.write(TinyModel.directory(folder, "m"), Family.LLAMA, 1));
    cache = folder.resolve("deep").resolve("cache");
  }

  @Test
  void makesAMemoryNamedAfterDigestTypeAndVersion() throws IOException {
    Path file = DerivedGguf.of(pack, WeightType.Q8_0, cache);
    assertThat(file.getFileName())
        .hasToString(pack.digest().substring("sha256:".length()) + "-q8_0-v3.gguf");
    assertThat(GgufFile.read(file).string("tokenizer.ggml.model")).hasValue("none");
    assertThat(names())
        .containsExactlyInAnyOrder(
            file.getFileName().toString(), file.getFileName().toString() + ".sha256");
  }

  @Test
  void makesAnMlpMemoryInAFormOfItsOwn() {
    Path memory =
        TinyMlp.write(
            TinyModel.directory(folder, "mlp"), Style.GPT2, TinyModel.directory(folder, "m"), 1);
    var host = new HostIdentity("llama", TinyModel.HIDDEN, 1, "sha256:" + "0".repeat(64));
    var reads = new TappedHost(host, Tap.lastFeedForwardInput());
    MemoryPack mlp =
        MemoryPack.importFrom(
            memory, PackLabel.of("law", "").withLambda(0.5), reads, folder.resolve("law"));
    Path file = DerivedGguf.of(mlp, WeightType.Q4_0, cache);
    assertThat(file.getFileName())
        .hasToString(mlp.digest().substring("sha256:".length()) + "-q4_0-mlp-v1.gguf");
    assertThat(GgufFile.read(file).string("general.architecture")).hasValue("mneme-mlp");
    assertThat(DerivedGguf.of(mlp, WeightType.Q4_0, cache)).isEqualTo(file);
  }

  @Test
  void keepsWhatItMade() throws IOException {
    Path file = DerivedGguf.of(pack, WeightType.F16, cache);
    FileTime past = FileTime.from(Instant.EPOCH);
    Files.setLastModifiedTime(file, past);
    assertThat(DerivedGguf.of(pack, WeightType.F16, cache)).isEqualTo(file);
    assertThat(Files.getLastModifiedTime(file)).isEqualTo(past);
  }

  @Test
  void keepsTypesAndContentsApart() {
    Path other = TinyModel.write(TinyModel.directory(folder, "other"), Family.LLAMA, 2);
    assertThat(
            List.of(
                DerivedGguf.of(pack, WeightType.F16, cache),
                DerivedGguf.of(pack, WeightType.F32, cache),
                DerivedGguf.of(MemoryPack.open(other), WeightType.F16, cache)))
        .doesNotHaveDuplicates();
  }

  @Test
  void makesATruncatedFileAgain() throws IOException {
    Path file = DerivedGguf.of(pack, WeightType.F32, cache);
    byte[] whole = Files.readAllBytes(file);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(whole.length - 100);
    }
    assertThat(DerivedGguf.of(pack, WeightType.F32, cache)).hasBinaryContent(whole);
  }

  @Test
  void makesAFileAgainWhoseWeightsWereChanged() throws IOException {
    Path file = DerivedGguf.of(pack, WeightType.F32, cache);
    byte[] whole = Files.readAllBytes(file);
    byte[] changed = whole.clone();
    changed[changed.length - 5] ^= 0x40;
    Files.write(file, changed);
    assertThat(DerivedGguf.of(pack, WeightType.F32, cache)).hasBinaryContent(whole);
  }

  @Test
  void makesAnEmptyFileAgain() throws IOException {
    Path file = DerivedGguf.of(pack, WeightType.F32, cache);
    Files.write(file, new byte[0]);
    assertThat(GgufFile.read(DerivedGguf.of(pack, WeightType.F32, cache)).tensors()).isNotEmpty();
  }

  @Test
  void severalMayAskAtOnce() throws Exception {
    try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
      Callable<Path> ask = () -> DerivedGguf.of(pack, WeightType.F32, cache);
      for (Future<Path> answer : pool.invokeAll(List.of(ask, ask, ask, ask))) {
        assertThat(GgufFile.read(answer.get()).tensors()).isNotEmpty();
      }
    }
    assertThat(names()).hasSize(2).anyMatch(name -> name.endsWith(".gguf.sha256"));
  }

  @Test
  void leavesNothingBehindWhenConversionFails() throws IOException {
    Files.delete(pack.directory().resolve("model.safetensors"));
    assertThatThrownBy(() -> DerivedGguf.of(pack, WeightType.F32, cache))
        .isInstanceOf(MnemeException.class);
    assertThat(names()).isEmpty();
  }

  @Test
  void removesWhatADeadProcessLeft() throws IOException {
    Path dead = Files.createDirectories(cache.resolve(".making-1"));
    Files.writeString(dead.resolve("part"), "x");
    Files.setLastModifiedTime(dead, FileTime.from(Instant.EPOCH));
    Path busy = Files.createDirectories(cache.resolve(".making-2"));
    DerivedGguf.of(pack, WeightType.F32, cache);
    assertThat(dead).doesNotExist();
    assertThat(busy).exists();
  }

  @Test
  void saysWhereACacheCannotBe() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "x");
    assertThatThrownBy(() -> DerivedGguf.of(pack, WeightType.F32, file.resolve("cache")))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll(file.toString(), "MNEME_HOME");
  }

  @Test
  void keepsItsCacheInTheNamedHomeOrTheUsers() {
    assertThat(MnemeHome.folder(Map.of("MNEME_HOME", "/data/mneme"), "/home/me"))
        .isEqualTo(Path.of("/data/mneme"));
    assertThat(MnemeHome.folder(Map.of("MNEME_HOME", " "), "/home/me"))
        .isEqualTo(Path.of("/home/me/.mneme"));
    assertThat(MnemeHome.folder(Map.of(), "/home/me")).isEqualTo(Path.of("/home/me/.mneme"));
    assertThat(DerivedGguf.defaultCache()).isEqualTo(CacheFolder.standard().resolve("gguf"));
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(cache)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
