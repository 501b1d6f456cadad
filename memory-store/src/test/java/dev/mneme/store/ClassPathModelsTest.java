package dev.mneme.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.PackIntegrityException;
import dev.mneme.UnresolvedNameException;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.hf.GgufConverter;
import dev.mneme.store.testing.ModelJar;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClassPathModelsTest {

  private static final String PACKS = "META-INF/mneme/packs/";
  private static final String HOSTS = "META-INF/mneme/hosts/";

  @TempDir private Path folder;
  private Path cache;
  private Path law;
  private Path host;

  @BeforeEach
  void writeModels() {
    cache = folder.resolve("home").resolve("cache");
    Path model = TinyModel.write(TinyModel.directory(folder, "model"), Family.LLAMA, 1);
    law = MemoryPack.importFrom(model, "law", "law", folder.resolve("law")).directory();
    host =
        ModelJar.sums(TinyModel.write(TinyModel.directory(folder, "tiny-host"), Family.LLAMA, 2));
  }

  private ClassPathModels models(Path... places) {
    URL[] urls =
        Arrays.stream(places)
            .map(
                place -> {
                  try {
                    return place.toUri().toURL();
                  } catch (MalformedURLException e) {
                    throw new UncheckedIOException(e);
                  }
                })
            .toArray(URL[]::new);
    return ClassPathModels.of(new URLClassLoader(urls, null), cache);
  }

  private Path jar(String name, Map<String, Path> folders) {
    return ModelJar.write(folder.resolve(name), folders);
  }

  private Path classes(String path, Path content) throws IOException {
    Path target = Files.createDirectories(folder.resolve("target/classes").resolve(path));
    try (Stream<Path> files = Files.list(content)) {
      for (Path file : files.toList()) {
        Files.copy(file, target.resolve(file.getFileName()));
      }
    }
    return folder.resolve("target/classes");
  }

  @Test
  void listsWhatJarsAndFoldersBring() throws IOException {
    ClassPathModels models =
        models(
            jar("one jar.jar", Map.of(PACKS + "law", law, PACKS + "art", law)),
            jar("two.jar", Map.of(HOSTS + "tiny-host", host)),
            classes(PACKS + "own", law));
    assertThat(models.packs()).containsExactly("art", "law", "own");
    assertThat(models.hosts()).containsExactly("tiny-host");
  }

  @Test
  void opensAPackInAJarAsThePackItIs() {
    MemoryPack pack = models(jar("a b.jar", Map.of(PACKS + "law", law))).pack("law");
    assertThat(pack.digest()).isEqualTo(MemoryPack.open(law).digest());
    assertThat(pack.directory().getParent()).isEqualTo(cache.resolve("packs"));
    assertThat(DerivedGguf.of(pack, WeightType.F32, cache.resolve("gguf"))).isRegularFile();
  }

  @Test
  void usesAFolderOnTheClassPathInPlace() throws IOException {
    Path classes = classes(PACKS + "law", law);
    assertThat(models(classes).pack("law").directory()).isEqualTo(classes.resolve(PACKS + "law"));
    assertThat(cache).doesNotExist();
  }

  @Test
  void copiesAPackOnce() throws IOException {
    ClassPathModels models = models(jar("a.jar", Map.of(PACKS + "law", law)));
    Path weights = models.pack("law").directory().resolve("model.safetensors");
    Files.setLastModifiedTime(weights, FileTime.from(Instant.EPOCH));
    models.pack("law");
    assertThat(Files.getLastModifiedTime(weights)).isEqualTo(FileTime.from(Instant.EPOCH));
    assertThat(names(cache.resolve("packs"))).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"model.safetensors", "config.json", "pack.json"})
  void makesADamagedCopyAgain(String name) throws IOException {
    ClassPathModels models = models(jar("a.jar", Map.of(PACKS + "law", law)));
    Path file = models.pack("law").directory().resolve(name);
    byte[] whole = Files.readAllBytes(file);
    byte[] changed = whole.clone();
    changed[changed.length - 3] ^= 1;
    Files.write(file, changed);
    assertThat(models.pack("law").digest()).isEqualTo(MemoryPack.open(law).digest());
    assertThat(file).hasBinaryContent(whole);
    Files.delete(file);
    assertThat(models.pack("law").digest()).isEqualTo(MemoryPack.open(law).digest());
    assertThat(names(cache.resolve("packs"))).hasSize(1);
  }

  @Test
  void refusesAJarWithAnotherFileThanItsManifestNamesAndKeepsNothing() throws IOException {
    Path weights = law.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    bytes[bytes.length - 1] ^= 1;
    Files.write(weights, bytes);
    Files.delete(law.resolve("tokenizer.json"));
    assertThatThrownBy(() -> models(jar("a.jar", Map.of(PACKS + "law", law))).pack("law"))
        .isInstanceOf(PackIntegrityException.class)
        .hasMessageContainingAll(
            "a.jar",
            "\"model.safetensors\" has SHA-256",
            "\"tokenizer.json\" is listed but absent");
    assertThat(names(cache.resolve("packs"))).isEmpty();
  }

  @Test
  void refusesAPackUnderAnotherNameThanItsOwn() {
    assertThatThrownBy(() -> models(jar("a.jar", Map.of(PACKS + "art", law))).pack("art"))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("a.jar", "pack.json", "is law, expected art");
  }

  @Test
  void saysWhichNamesThereAre() {
    ClassPathModels models =
        models(jar("a.jar", Map.of(PACKS + "law", law, HOSTS + "tiny-host", host)));
    for (String wrong : List.of("lawn", "../packs/law", "LAW", "")) {
      assertThatThrownBy(() -> models.pack(wrong))
          .isInstanceOfSatisfying(
              UnresolvedNameException.class, e -> assertThat(e.names()).containsExactly("law"))
          .hasMessageContainingAll("no pack named " + wrong + " is", "what is there: law");
    }
    assertThatThrownBy(() -> models.host("law"))
        .isInstanceOf(UnresolvedNameException.class)
        .hasMessageContaining("what is there: tiny-host");
    assertThatThrownBy(() -> models().pack("law")).hasMessageContaining("what is there: none");
  }

  @Test
  void refusesToChooseBetweenTwoJarsWithOneName() {
    Path one = jar("one.jar", Map.of(PACKS + "law", law));
    Path two = jar("two.jar", Map.of(PACKS + "law", law));
    assertThatThrownBy(() -> models(one, two).pack("law"))
        .isInstanceOf(UnresolvedNameException.class)
        .hasMessageContainingAll("offer the pack law", "one.jar", "two.jar");
    assertThat(models(one, two).packs()).containsExactly("law");
    assertThat(models(one, one).pack("law").name()).isEqualTo("law");
  }

  @Test
  void givesAHostAsTheGgufThatConversionGives() {
    Path gguf = models(jar("a.jar", Map.of(HOSTS + "tiny-host", host))).host("tiny-host");
    assertThat(gguf).hasFileName("tiny-host.gguf");
    Path expected = folder.resolve("expected.gguf");
    GgufConverter.convertHost(host, expected, WeightType.F32);
    assertThat(gguf).hasSameBinaryContentAs(expected);
    assertThat(gguf.getParent())
        .isDirectoryNotContaining(file -> file.getFileName().toString().startsWith("."));
  }

  @Test
  void convertsAHostOnceAndADamagedFileAgain() throws IOException {
    ClassPathModels models = models(classes(HOSTS + "tiny-host", host));
    Path gguf = models.host("tiny-host");
    Files.setLastModifiedTime(gguf, FileTime.from(Instant.EPOCH));
    assertThat(models.host("tiny-host")).isEqualTo(gguf);
    assertThat(Files.getLastModifiedTime(gguf)).isEqualTo(FileTime.from(Instant.EPOCH));
    Files.write(gguf, new byte[10]);
    assertThat(GgufFile.read(models.host("tiny-host")).tensors()).isNotEmpty();
  }

  @Test
  void givesAHostAsTheFolderItIsAndMakesADamagedCopyAgain() throws IOException {
    ClassPathModels models = models(jar("a.jar", Map.of(HOSTS + "tiny-host", host)));
    Path copy = models.hostFolder("tiny-host");
    assertThat(copy).hasFileName("tiny-host").startsWith(cache);
    assertThat(names(copy)).containsExactlyInAnyOrderElementsOf(names(host));
    Path weights = copy.resolve("model.safetensors");
    assertThat(weights).hasSameBinaryContentAs(host.resolve("model.safetensors"));
    Files.setLastModifiedTime(weights, FileTime.from(Instant.EPOCH));
    assertThat(models.hostFolder("tiny-host")).isEqualTo(copy);
    assertThat(Files.getLastModifiedTime(weights)).isEqualTo(FileTime.from(Instant.EPOCH));
    Files.write(weights, new byte[10]);
    Files.delete(copy.resolve("config.json"));
    assertThat(models.hostFolder("tiny-host")).isEqualTo(copy);
    assertThat(weights).hasSameBinaryContentAs(host.resolve("model.safetensors"));
    assertThat(copy.resolve("config.json")).hasSameBinaryContentAs(host.resolve("config.json"));
  }

  @Test
  void usesAHostsFolderOnTheClassPathInPlaceButNotADamagedOne() throws IOException {
    Path classes = classes(HOSTS + "tiny-host", host);
    Path folder = classes.resolve(HOSTS + "tiny-host");
    assertThat(models(classes).hostFolder("tiny-host")).isEqualTo(folder);
    assertThat(cache).doesNotExist();
    Files.writeString(folder.resolve("config.json"), "{}");
    Files.delete(folder.resolve("tokenizer.json"));
    assertThatThrownBy(() -> models(classes).hostFolder("tiny-host"))
        .isInstanceOf(PackIntegrityException.class)
        .hasMessageContainingAll(
            folder.toString(),
            "\"config.json\" has SHA-256",
            "\"tokenizer.json\" is listed but absent");
  }

  @Test
  void refusesAHostWithAnotherFileThanItsSumsName() throws IOException {
    Files.writeString(host.resolve("config.json"), "{}");
    ClassPathModels models = models(jar("a.jar", Map.of(HOSTS + "tiny-host", host)));
    for (Function<String, Path> form :
        List.<Function<String, Path>>of(models::host, models::hostFolder)) {
      assertThatThrownBy(() -> form.apply("tiny-host"))
          .isInstanceOf(PackIntegrityException.class)
          .hasMessageContainingAll("a.jar", "\"config.json\" has SHA-256");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "abc  config.json",
        "SUM ../config.json",
        "SUM  ../config.json",
        "SUM  config.json\nSUM  config.json",
        "SUM  config.json\n\nSUM  model.safetensors",
      })
  void refusesSumsThatNobodyWroteWithSha256sum(String sums) throws IOException {
    Files.writeString(host.resolve("SHA256SUMS"), sums.replace("SUM", "0".repeat(64)) + "\n");
    assertThatThrownBy(
            () -> models(jar("a.jar", Map.of(HOSTS + "tiny-host", host))).host("tiny-host"))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("a.jar", "SHA256SUMS", "line ");
  }

  @Test
  void severalMayAskAtOnce() throws Exception {
    ClassPathModels models =
        models(jar("a.jar", Map.of(PACKS + "law", law, HOSTS + "tiny-host", host)));
    try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
      Callable<String> ask =
          () -> models.pack("law").digest() + GgufFile.read(models.host("tiny-host")).version();
      for (Future<String> answer : pool.invokeAll(List.of(ask, ask, ask, ask))) {
        assertThat(answer.get()).isEqualTo(MemoryPack.open(law).digest() + 3);
      }
    }
    assertThat(names(cache.resolve("packs"))).hasSize(1);
  }

  @Test
  void saysWhereACacheCannotBe() throws IOException {
    cache = Files.writeString(folder.resolve("file"), "x");
    ClassPathModels models =
        models(jar("a.jar", Map.of(PACKS + "law", law, HOSTS + "tiny-host", host)));
    assertThatThrownBy(() -> models.pack("law"))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll(cache.toString(), "MNEME_HOME");
    assertThatThrownBy(() -> models.host("tiny-host"))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll(cache.toString(), "MNEME_HOME");
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
