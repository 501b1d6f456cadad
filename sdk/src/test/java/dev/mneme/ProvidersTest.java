package dev.mneme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Engines are found by files of {@code META-INF/services}, which a build may lose. */
class ProvidersTest {

  @TempDir private Path classPath;
  private ClassLoader before = getClass().getClassLoader();

  @BeforeEach
  void rememberClassLoader() {
    before = Thread.currentThread().getContextClassLoader();
  }

  @AfterEach
  void restoreClassLoader() {
    Thread.currentThread().setContextClassLoader(before);
  }

  /** An engine that opens nothing. */
  public static final class Registered implements HostLoader {
    @Override
    public String engine() {
      return "registered";
    }

    @Override
    public boolean accepts(Path path) {
      return false;
    }

    @Override
    public HostModel load(Path path) {
      throw new AssertionError("accepts nothing");
    }
  }

  private void register(String... classes) throws IOException {
    Path file = classPath.resolve("META-INF/services/dev.mneme.HostLoader");
    Files.createDirectories(file.getParent());
    Files.write(file, List.of(classes));
    URL[] urls = {classPath.toUri().toURL()};
    Thread.currentThread().setContextClassLoader(new URLClassLoader(urls, before));
  }

  private static void assertRefused(Path path, String... parts) {
    assertThatThrownBy(() -> HostLoader.open(path))
        .isInstanceOf(MnemeException.class)
        .message()
        .contains(parts);
  }

  private Path gguf() throws IOException {
    return Files.writeString(classPath.resolve("model.bin"), "GGUF and more");
  }

  @Test
  void aRegisteredClassIsFoundOnce() throws IOException {
    register(Registered.class.getName(), Registered.class.getName());
    assertThat(Providers.of(HostLoader.class).found())
        .singleElement()
        .isInstanceOf(Registered.class);
  }

  @Test
  void aThreadWithoutClassLoaderFindsWhatTheInterfacesOwnSees() {
    Thread.currentThread().setContextClassLoader(null);
    assertThat(Providers.of(HostLoader.class).failures()).isEmpty();
  }

  @Test
  void aRegisteredClassThatIsMissingDoesNotHideTheOthers() throws IOException {
    register("no.such.Engine", Registered.class.getName());
    Providers<HostLoader> engines = Providers.of(HostLoader.class);
    assertThat(engines.found()).hasSize(1);
    assertThat(engines.failures()).singleElement().asString().contains("no.such.Engine");
  }

  @Test
  void aRegisteredClassOfAnotherKindIsAFailure() throws IOException {
    register(ProvidersTest.class.getName());
    assertThat(Providers.of(HostLoader.class).failures())
        .singleElement()
        .asString()
        .contains("ProvidersTest");
  }

  @Test
  void aGgufFileNamesTheDependencyThatOpensIt() throws IOException {
    register(Registered.class.getName());
    assertRefused(gguf(), "GGUF file", "dev.mneme:mneme-llama-cpp", "[registered]");
  }

  @Test
  void aHuggingFaceFolderNamesTheDependencyThatOpensIt() throws IOException {
    Files.writeString(classPath.resolve("config.json"), "{}");
    assertRefused(classPath, "Hugging Face folder", "dev.mneme:mneme-djl");
  }

  @Test
  void anEngineWhoseRegistrationWasLostIsSaidToBeThere() throws IOException {
    Path loader = classPath.resolve("dev/mneme/llamacpp/LlamaCppHostLoader.class");
    Files.createDirectories(loader.getParent());
    Files.write(loader, new byte[0]);
    register();
    assertRefused(
        gguf(), "the classes of dev.mneme:mneme-llama-cpp are there", "merge", "META-INF/services");
  }

  @Test
  void whatIsNoModelNamesNoDependency() throws IOException {
    Path file = Files.writeString(classPath.resolve("text.txt"), "text");
    assertThatThrownBy(() -> HostLoader.open(file))
        .isInstanceOf(MnemeException.class)
        .message()
        .contains("give a .gguf file")
        .doesNotContain("dev.mneme:");
  }
}
