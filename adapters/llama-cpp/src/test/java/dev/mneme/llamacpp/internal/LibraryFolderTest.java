package dev.mneme.llamacpp.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.NativeLibraryException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which files of a folder are llama.cpp's, by their names: all of them are empty here. */
class LibraryFolderTest {

  @TempDir Path temporary;
  private Path directory = Path.of("");

  @BeforeEach
  void withoutLinks() throws IOException {
    directory = temporary.toRealPath();
  }

  private Path add(String name) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, name); // two files of other names are not copies
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "libllama.so",
        "libllama.so.0",
        "libllama.so.0.5.0",
        "libllama.v0.5.0.so",
        "libllama.vulkan.v0.5.0.so",
        "libllama.cuda.b8121.so",
        "libllama-b8121.so",
        "libllama.0.5.0.dylib",
        "libllama.0.dylib",
        "libllama.dylib",
        "libllama.metal.v0.5.0.dylib",
        "llama.dll",
        "libllama.dll",
        "llama.v0.5.0.dll",
      })
  void theLibraryHasTheNamesThatPackagersGiveIt(String name) throws IOException {
    Path file = add(name);
    LibraryFolder found = LibraryFolder.of(directory);
    assertThat(found.llama()).isEqualTo(file);
    assertThat(found.folder()).isEqualTo(directory);
    assertThat(found.ggml()).isEmpty();
    assertThat(found.isSplit()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "libllama-common.so",
        "libllama-common.so.0.5.0",
        "libllama_common.so",
        "libllamafile.so",
        "libllama.so.txt",
        "libllama.a",
        "llama-addon.node",
        "llama-server",
        "libggml.so",
        "libmtmd.so",
      })
  void otherFilesAreNotTheLibrary(String name) throws IOException {
    add(name);
    assertThatThrownBy(() -> LibraryFolder.of(directory))
        .isInstanceOf(NativeLibraryException.class)
        .hasMessageContaining("holds no libllama");
  }

  @Test
  void ofASplitBuildTheTwoNeededOfGgmlAreOpenedFirst() throws IOException {
    Path llama = add("libllama.v0.5.0.so");
    Path ggml = add("libggml.v0.5.0.so");
    Path base = add("libggml-base.so");
    for (String other :
        List.of(
            "libllama-common.so",
            "libggml-cpu-zen4.so",
            "libggml-cpu-x64.so",
            "libggml-cpu.so",
            "libggml-cuda.so",
            "libggml-vulkan.so",
            "libggml-blas.so",
            "llama-addon.node")) {
      add(other);
    }
    LibraryFolder found = LibraryFolder.of(directory);
    assertThat(found).isEqualTo(new LibraryFolder(directory, llama, List.of(base, ggml)));
    assertThat(found.isSplit()).isTrue();
  }

  @Test
  void windowsFilesAreFound() throws IOException {
    Path llama = add("llama.dll");
    Path ggml = add("ggml.dll");
    Path base = add("ggml-base.dll");
    add("ggml-cpu-haswell.dll");
    add("ggml-rpc.dll");
    assertThat(LibraryFolder.of(directory).llama()).isEqualTo(llama);
    assertThat(LibraryFolder.of(directory).ggml()).containsExactly(base, ggml);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bin", "lib", "lib64", "build/bin"})
  void aReleasesOrABuildsFolderMayBeNamedItself(String place) throws IOException {
    Path llama = add(place + "/libllama.dylib");
    Path base = add(place + "/libggml-base.dylib");
    add("README.md");
    LibraryFolder found = LibraryFolder.of(directory);
    assertThat(found.llama()).isEqualTo(llama);
    assertThat(found.folder()).isEqualTo(llama.getParent());
    assertThat(found.ggml()).containsExactly(base);
  }

  @Test
  void theFolderItselfComesBeforeThoseInIt() throws IOException {
    Path nearer = add("libllama.so");
    add("build/bin/libllama.so");
    assertThat(LibraryFolder.of(directory).llama()).isEqualTo(nearer);
  }

  @Test
  void linksToOneFileAreOneLibrary() throws IOException {
    Path file = add("libllama.so.0.5.0");
    Path base = add("libggml-base.so.0.25.1");
    link("libllama.so.0", file);
    link("libllama.so", directory.resolve("libllama.so.0"));
    link("libggml-base.so", base);
    LibraryFolder found = LibraryFolder.of(directory);
    assertThat(found.llama()).isEqualTo(file);
    assertThat(found.ggml()).containsExactly(base);
    assertThat(LibraryFolder.of(directory.resolve("libllama.so"))).isEqualTo(found);
  }

  private void link(String name, Path target) throws IOException {
    Files.createSymbolicLink(directory.resolve(name), target);
  }

  /** An archive without links has copies in their place. */
  @Test
  void copiesOfOneFileAreOneLibrary() throws IOException {
    Path file = add("libllama.b7347.so");
    Files.copy(file, directory.resolve("libllama.b7347.so.0"));
    Files.copy(file, directory.resolve("libllama.b7347.so.0.0.1"));
    assertThat(LibraryFolder.of(directory).llama()).isEqualTo(file);
  }

  @Test
  void aFileMayBeNamedWhateverItsName() throws IOException {
    Path file = add("my-own-build.so");
    Path ggml = add("libggml.so");
    LibraryFolder found = LibraryFolder.of(file);
    assertThat(found).isEqualTo(new LibraryFolder(directory, file, List.of(ggml)));
  }

  @Test
  void twoDifferentLibrariesAreRefusedNamingBoth() throws IOException {
    Path first = add("libllama.so");
    add("libllama.v0.5.0.so");
    assertThatThrownBy(() -> LibraryFolder.of(directory))
        .isInstanceOf(NativeLibraryException.class)
        .hasMessageContaining("2 different llama.cpp libraries")
        .hasMessageContaining("[libllama.so, libllama.v0.5.0.so]");
    assertThat(LibraryFolder.of(first).llama()).isEqualTo(first);
  }

  @Test
  void aMissingPathIsRefused() {
    assertThatThrownBy(() -> LibraryFolder.of(directory.resolve("nowhere")))
        .isInstanceOf(NativeLibraryException.class)
        .hasMessageContaining("nowhere is neither a file nor a folder");
  }

  @Test
  void anEmptyFolderIsRefusedNamingWhereItWasLookedFor() {
    assertThatThrownBy(() -> LibraryFolder.of(directory))
        .isInstanceOf(NativeLibraryException.class)
        .hasMessageContaining(directory.toString())
        .hasMessageContaining("llama.dll")
        .hasMessageContaining("[bin, lib, lib64, build/bin]");
  }

  @Test
  void aLinkToNothingIsRefused() throws IOException {
    link("libllama.so", directory.resolve("gone.so"));
    assertThatThrownBy(() -> LibraryFolder.of(directory))
        .isInstanceOf(NativeLibraryException.class)
        .hasMessageContaining("libllama.so");
  }
}
