package dev.mneme.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MnemeException;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Imports to one place: at once, killed midway, one after the other. */
class ImportPlaceTest {

  @TempDir private Path folder;
  private Path model;
  private Path packs;
  private Path target;

  @BeforeEach
  void writeModel() throws IOException {
    model = TinyModel.write(TinyModel.directory(folder, "model"), Family.LLAMA, 1);
    packs = Files.createDirectory(folder.resolve("packs"));
    target = packs.resolve("law");
  }

  /** An import that stops midway for ever. */
  static final class Stuck {
    public static void main(String[] arguments) throws Exception {
      ImportPlace place = ImportPlace.open(Path.of(arguments[0]));
      Files.writeString(place.folder().resolve("model.safetensors"), "half of it");
      System.out.println("midway");
      Thread.sleep(Long.MAX_VALUE);
    }
  }

  private Process importThatIsStuckMidway() throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Stuck.class.getName(),
                target.toString())
            .redirectError(Redirect.INHERIT)
            .start();
    assertThat(process.inputReader().readLine()).isEqualTo("midway");
    return process;
  }

  private List<String> names() {
    try (Stream<Path> files = Files.list(packs)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void removesWhatAKilledImportLeft() throws Exception {
    Process process = importThatIsStuckMidway();
    process.destroyForcibly().waitFor();
    assertThat(names()).containsExactly(".import-law", ".importing-law");
    MemoryPack pack = MemoryPack.importFrom(model, "law", "", target);
    assertThat(pack.manifest().files()).hasSize(3);
    assertThat(names()).containsExactly("law");
  }

  @Test
  void refusesAPlaceToWhichALivingProcessImports() throws Exception {
    Process process = importThatIsStuckMidway();
    try {
      assertThatThrownBy(() -> MemoryPack.importFrom(model, "law", "", target))
          .isInstanceOf(MnemeException.class)
          .hasMessageContaining("another import")
          .hasMessageContaining(".importing-law");
      assertThat(packs.resolve(".import-law").resolve("model.safetensors"))
          .hasContent("half of it");
      MemoryPack.importFrom(model, "law", "", packs.resolve("law2"));
      assertThat(names()).containsExactly(".import-law", ".importing-law", "law2");
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void refusesAPlaceToWhichAnotherThreadImports() throws IOException {
    try (ImportPlace place = ImportPlace.open(target)) {
      assertThat(place.folder()).isEmptyDirectory();
      assertThatThrownBy(() -> MemoryPack.importFrom(model, "law", "", target))
          .hasMessageContaining("another import");
      assertThat(place.folder()).exists();
    }
    assertThat(names()).isEmpty();
  }

  @Test
  void manyImportsAtOnceLeaveOnePackAndNothingElse() {
    var imports =
        Stream.generate(() -> CompletableFuture.runAsync(this::importOrBeRefused))
            .limit(8)
            .toList();
    imports.forEach(CompletableFuture::join);
    assertThat(names()).containsExactly("law");
    assertThat(MemoryPack.open(target).name()).isEqualTo("law");
  }

  private void importOrBeRefused() {
    try {
      MemoryPack.importFrom(model, "law", "", target);
    } catch (MnemeException e) {
      assertThat(e.getMessage()).containsAnyOf("another import", "exists already", "cannot write");
    }
  }
}
