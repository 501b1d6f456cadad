package dev.mneme.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mneme.HostSession;
import dev.mneme.Rows;
import dev.mneme.llamacpp.internal.LlamaLibrary;
import dev.mneme.store.WeightType;
import dev.mneme.store.hf.GgufConverter;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Which library is taken, and what is said of one that cannot be. Each test has a JVM of its own,
 * since a library that was loaded stays, and a wrong one might end the process.
 */
class LlamaCppLibraryTest {

  @TempDir static Path shared;
  private static String host = "";

  @TempDir Path directory;
  private ChildJvm jvm = new ChildJvm(Path.of(""));

  @BeforeAll
  static void makeHost() {
    TinyModel.write(shared, Family.LLAMA, 1);
    host = shared.resolve("host.gguf").toString();
    GgufConverter.convertHost(shared, Path.of(host), WeightType.F32);
  }

  @BeforeEach
  void prepareJvm() {
    jvm = new ChildJvm(directory.resolve("jvm.log"));
  }

  @AfterEach
  void endJvm() {
    jvm.close();
  }

  /** What came of running a host on a library. */
  private String forwardOn(Path library) {
    String file = host;
    String named = library.toString();
    return jvm.outcome(() -> forward(file, LlamaCppOptions.defaults().withLibrary(Path.of(named))));
  }

  private static String forward(String file, LlamaCppOptions options) {
    try (LlamaCppHost model = LlamaCppHost.open(Path.of(file), options);
        HostSession session = model.openSession(1)) {
      return session.forward(new int[] {5, 6, 7}, Rows.LAST).count() + " row";
    }
  }

  /** Refused for its GPU layers with the name of the library. */
  private static String nameOfLibrary(String file) {
    try (LlamaCppHost model =
        LlamaCppHost.open(Path.of(file), LlamaCppOptions.defaults().withGpuLayers(1))) {
      return "it has a GPU: " + model.name();
    } catch (IllegalArgumentException e) {
      return String.valueOf(e.getMessage());
    }
  }

  @Test
  void aTextFileIsRefusedAndRefusedAgain() throws IOException {
    Path file = Files.writeString(directory.resolve("libllama.so"), "This is text.");
    String first = forwardOn(directory);
    assertThat(first)
        .startsWith("threw NativeLibraryException: Mneme cannot use llama.cpp from " + directory)
        .contains("cannot load " + file.toRealPath(), "no library for this system");
    assertThat(forwardOn(directory)).isEqualTo(first);
  }

  @Test
  void aLibraryWithoutLlamaFunctionsIsRefusedNamingThemAndTheReleasesThatAreKnown() {
    String first = forwardOn(libraryOfTheJvm());
    assertThat(first)
        .startsWith("threw NativeLibraryException: Mneme cannot use llama.cpp from ")
        .contains("it has no functions [llama_model_default_params, llama_context_default_params]")
        .contains("known are b4916 to b4980, ", "b10361 to v0.5.0");
    assertThat(forwardOn(libraryOfTheJvm())).isEqualTo(first);
  }

  private static Path libraryOfTheJvm() {
    boolean windows = System.getProperty("os.name").startsWith("Windows");
    Path file =
        Path.of(System.getProperty("java.home"), windows ? "bin" : "lib")
            .resolve(System.mapLibraryName("zip"));
    assertThat(file).isRegularFile();
    return file;
  }

  @Test
  void aRefusedLibraryLeavesTheOneOfTheSettingsUsable() throws IOException {
    Files.writeString(directory.resolve("libllama.so"), "This is text.");
    String file = host;
    assertThat(forwardOn(directory)).startsWith("threw NativeLibraryException");
    assertThat(jvm.outcome(() -> forward(file, LlamaCppOptions.defaults())))
        .isEqualTo("returned 1 row");
  }

  /** None of these loads, but the first might have in part. */
  @Test
  void aSecondBuildOfSeveralFilesIsRefusedNamingTheFirst() throws IOException {
    Path first = fakeBuild("first");
    assertThat(forwardOn(first)).contains("cannot load ");
    Files.delete(first.resolve("libllama.so"));
    for (String name : List.of("second", "third")) {
      assertThat(forwardOn(fakeBuild(name)))
          .startsWith("threw NativeLibraryException")
          .contains("has opened " + first, "exclude each other");
    }
  }

  private Path fakeBuild(String name) throws IOException {
    Path folder = Files.createDirectory(directory.toRealPath().resolve(name));
    for (String file : List.of("libllama.so", "libggml.so", "libggml-base.so")) {
      Files.writeString(folder.resolve(file), "This is text.");
    }
    return folder;
  }

  @Test
  void aMissingPathIsRefused() {
    assertThat(forwardOn(directory.resolve("nowhere")))
        .startsWith("threw NativeLibraryException: ")
        .contains("nowhere is neither a file nor a folder");
  }

  @Test
  void aFolderWithoutLibraryIsRefused() {
    assertThat(forwardOn(directory))
        .startsWith("threw NativeLibraryException: ")
        .contains("holds no libllama");
  }

  /** The library in use, copied without its backends, where it is one of several files. */
  @Test
  void aSplitBuildWithoutBackendsIsRefused() throws IOException {
    Path folder = Path.of(System.getProperty(LlamaLibrary.PROPERTY, ""));
    assumeTrue(!folder.toString().isBlank() && Files.isDirectory(folder), "a folder in use");
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        if (!file.getFileName().toString().matches(".*ggml-(?!base).*")) {
          Files.copy(file, directory.resolve(file.getFileName()));
        }
      }
    }
    try (Stream<Path> files = Files.list(directory)) {
      assumeTrue(files.anyMatch(f -> f.getFileName().toString().contains("ggml-base")), "split");
    }
    assertThat(forwardOn(directory))
        .startsWith("threw NativeLibraryException: ")
        .contains("no backend of ggml", "take the whole folder");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "   "})
  void aBlankPropertyTakesTheBundledLibrary(String blank) {
    String file = host;
    String outcome =
        jvm.outcome(
            () -> {
              System.setProperty(LlamaLibrary.PROPERTY, blank);
              return nameOfLibrary(file);
            });
    assertThat(outcome).contains("llama.cpp from the bundled library (de.kherud:llama)");
  }

  @Test
  void theVariableNamesALibraryWhereThePropertyDoesNot() {
    try (var other =
        new ChildJvm(directory.resolve("other.log"), Map.of(LlamaLibrary.VARIABLE, "/from/env"))) {
      assertThat(
              other.outcome(
                  () -> {
                    System.clearProperty(LlamaLibrary.PROPERTY);
                    return LlamaLibrary.of(null);
                  }))
          .startsWith("threw NativeLibraryException: " + Path.of("/from/env") + " is neither");
      assertThat(
              other.outcome(
                  () -> {
                    System.setProperty(LlamaLibrary.PROPERTY, "/from/property");
                    return LlamaLibrary.of(null);
                  }))
          .contains(Path.of("/from/property") + " is neither");
      assertThat(other.outcome(() -> LlamaLibrary.of(Path.of("/from/options"))))
          .contains(Path.of("/from/options") + " is neither");
    }
  }

  @Test
  void theBundledLibraryIsRefusedOnWindowsWithTheWayOut() {
    String outcome =
        jvm.outcome(
            () -> {
              System.setProperty("os.name", "Windows 11");
              return LlamaLibrary.of(LlamaCppOptions.BUNDLED);
            });
    assertThat(outcome)
        .startsWith("threw NativeLibraryException")
        .contains("the bundled library (de.kherud:llama)", "Windows", LlamaLibrary.PROPERTY);
  }

  @Test
  void gpuLayersAreRefusedWithTheReasonAndTheDevices() {
    String file = host;
    String outcome = jvm.outcome(() -> nameOfLibrary(file));
    assumeTrue(!outcome.contains("it has a GPU"), "no GPU here");
    assertThat(outcome)
        .contains("gpuLayers is 1", "finds no GPU here", "devices: [", "CPU")
        .contains("set gpuLayers to 0");
  }

  @Test
  void devicesWithoutLayersForThemAreRefused() {
    String file = host;
    String outcome =
        jvm.outcome(() -> forward(file, LlamaCppOptions.defaults().withDevices(List.of("CUDA0"))));
    assertThat(outcome)
        .startsWith("threw IllegalArgumentException")
        .contains("[CUDA0]", "gpuLayers is 0");
  }
}
