package dev.mneme.store.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.store.gguf.GgufWriter;
import dev.mneme.store.safetensors.SafeTensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnfinishedFileTest {

  private static final int KILLED = 9;

  @TempDir private Path folder;

  /** Writes half a file in a process that ends as if killed, or that waits for its input to end. */
  static final class Writer {
    private Writer() {}

    /** Arguments: the target, and whether to wait. */
    public static void main(String[] args) throws IOException {
      UnfinishedFile file = UnfinishedFile.of(Path.of(args[0]));
      Files.writeString(file.path(), "half");
      System.out.println(file.path());
      if (args.length > 1) {
        System.in.read();
      }
      Runtime.getRuntime().halt(KILLED); // no finally block runs
    }
  }

  private static Process start(String... arguments) throws IOException {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Writer.class.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private Path left(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.resolveSibling("."));
    return Files.writeString(file, "half");
  }

  @Test
  void aCompletedFileReplacesItsTargetAndNothingElseStays() throws IOException {
    Path target = left("model.gguf");
    try (UnfinishedFile file = UnfinishedFile.of(target)) {
      Files.writeString(file.path(), "whole");
      assertThat(target).hasContent("half");
      file.complete();
    }
    assertThat(target).hasContent("whole");
    assertThat(folder.toFile().list()).containsExactly("model.gguf");
  }

  @Test
  void aFileThatWasNotCompletedIsRemoved() throws IOException {
    try (UnfinishedFile file = UnfinishedFile.of(folder.resolve("model.gguf"))) {
      Files.writeString(file.path(), "half");
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void whatAKilledProcessLeftGoesWhenTheSameFileIsWritten()
      throws IOException, InterruptedException {
    Path target = folder.resolve("model.gguf");
    assertThat(start(target.toString()).waitFor()).isEqualTo(KILLED);
    assertThat(folder.toFile().list()).hasSize(1);
    new GgufWriter().put("general.architecture", "llama").write(target);
    assertThat(folder.toFile().list()).containsExactly("model.gguf");
  }

  @Test
  void whatARunningProcessWritesStays() throws IOException, InterruptedException {
    Path target = folder.resolve("model.safetensors");
    Process writer = start(target.toString(), "wait");
    try (var out = writer.inputReader()) {
      Path written = Path.of(out.readLine());
      Path numbered = left("model.safetensors.%d.part".formatted(writer.pid()));
      SafeTensorsWriter.write(target, Map.of(), List.of());
      LeftFiles.removeOwned(folder);
      LeftFiles.removeAll(folder, 1, name -> true);
      assertThat(written).exists();
      assertThat(numbered).exists();
      writer.getOutputStream().close();
      assertThat(writer.waitFor()).isEqualTo(KILLED);
      SafeTensorsWriter.write(target, Map.of(), List.of());
      assertThat(folder.toFile().list()).containsExactly("model.safetensors");
    } finally {
      writer.destroy();
    }
  }

  @Test
  void anotherThreadsUnfinishedFileOfTheSameTargetStays() throws IOException {
    Path target = folder.resolve("a");
    try (UnfinishedFile first = UnfinishedFile.of(target)) {
      Files.writeString(first.path(), "first");
      try (UnfinishedFile second = UnfinishedFile.of(target)) {
        Files.writeString(second.path(), "second");
        second.complete();
      }
      first.complete();
    }
    assertThat(target).hasContent("first");
  }

  @Test
  void whatEarlierVersionsLeftOfTheSameFileGoes() throws IOException {
    left("out.gguf.999999999.part");
    left(".out.gguf.01234567-89ab-cdef-0123-456789abcdef");
    List<Path> others =
        List.of(
            left("out.gguf.bak.999999999.part"),
            left("out.gguf.part"),
            left("other.999999999.part"),
            left("out.gguf.backup.part"),
            left(".out.gguf.notes"));
    LeftFiles.removeOf(folder.resolve("out.gguf"));
    assertThat(others).allSatisfy(file -> assertThat(file).exists());
    assertThat(folder.toFile().list()).hasSize(others.size());
  }

  @Test
  void inAFolderOfOthersOnlyFilesGoWhoseNamesTellAnEndedProcess() throws IOException {
    left("data.999999999.part");
    left("data.999999999-1700000000000-0123abcd.part");
    Path download = left("film.mkv.part");
    Path below = left("below/data.999999999.part");
    LeftFiles.removeOwned(folder);
    assertThat(download).exists();
    assertThat(below).exists();
    assertThat(folder.toFile().list()).hasSize(2);
  }

  @Test
  void inAnOwnFolderAllGoButWhatCanBeContinued() throws IOException {
    left("x.part");
    left("below/y.999999999.part");
    left("marked.999999999.part");
    left("marked.999999999.mark");
    Path part = left("targets.part");
    left("targets.mark");
    Path other = left("not-asked.part");
    assertThat(LeftFiles.removeAll(folder, 2, name -> !name.startsWith("not"))).isTrue();
    assertThat(part).exists();
    assertThat(other).exists();
    assertThat(folder.resolve("x.part")).doesNotExist();
    assertThat(folder.resolve("below")).isEmptyDirectory();
    assertThat(LeftFiles.removeAll(folder, 2, name -> !name.startsWith("not"))).isFalse();
  }

  @Test
  void linksAndFoldersOfSuchNamesStay() throws IOException {
    Path target = left("kept/content");
    Path link = Files.createSymbolicLink(folder.resolve("link.part"), target);
    Path inner = Files.createDirectory(folder.resolve("folder.part"));
    assertThat(LeftFiles.removeAll(folder, 2, name -> true)).isFalse();
    assertThat(link).exists();
    assertThat(inner).exists();
  }

  @Test
  void aMissingFolderHasNothingLeftAndCannotBeWrittenTo() {
    Path missing = folder.resolve("missing");
    assertThat(LeftFiles.removeAll(missing, 2, name -> true)).isFalse();
    LeftFiles.removeOwned(missing);
    try (UnfinishedFile file = UnfinishedFile.of(missing.resolve("a"))) {
      assertThatThrownBy(() -> Files.writeString(file.path(), "half"))
          .isInstanceOf(NoSuchFileException.class);
    }
  }
}
