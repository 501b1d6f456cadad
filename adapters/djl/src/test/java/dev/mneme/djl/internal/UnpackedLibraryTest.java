package dev.mneme.djl.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An unpacked library that is not its jar's would end the JVM. */
class UnpackedLibraryTest {

  @TempDir private Path temporary;

  private URLClassLoader jar() throws IOException {
    Path jar = temporary.resolve("libraries.jar");
    try (var out = new JarOutputStream(Files.newOutputStream(jar))) {
      for (String name : List.of("a.so", "b.so")) {
        out.putNextEntry(new JarEntry("lib/" + name));
        out.write(("code of " + name).getBytes(StandardCharsets.UTF_8));
        out.closeEntry();
      }
    }
    return new URLClassLoader(new URL[] {jar.toUri().toURL()}, null);
  }

  private Path unpacked(String name, String content) throws IOException {
    return Files.writeString(temporary.resolve(name), content);
  }

  private static void removeDamaged(ClassLoader loader, Path... copies) {
    UnpackedLibrary.removeDamaged(
        Arrays.stream(copies)
            .map(copy -> new UnpackedLibrary("lib/" + copy.getFileName(), copy))
            .toList(),
        loader);
  }

  @Test
  void wholeCopiesStay() throws IOException {
    Path a = unpacked("a.so", "code of a.so");
    Path b = unpacked("b.so", "code of b.so");
    try (URLClassLoader loader = jar()) {
      removeDamaged(loader, a, b);
    }
    assertThat(a).exists();
    assertThat(b).exists();
  }

  @Test
  void ofAShortenedCopyAllFilesAreUnpackedAgain() throws IOException {
    Path a = unpacked("a.so", "code of a.so");
    Path b = unpacked("b.so", "code");
    try (URLClassLoader loader = jar()) {
      removeDamaged(loader, a, b);
    }
    assertThat(a).doesNotExist();
    assertThat(b).doesNotExist();
  }

  @Test
  void aCopyOfTheSameLengthWithOtherBytesIsRemoved() throws IOException {
    Path a = unpacked("a.so", "evil of a.so");
    try (URLClassLoader loader = jar()) {
      removeDamaged(loader, a);
    }
    assertThat(a).doesNotExist();
  }

  @Test
  void aCopyThatNoJarHasStays() throws IOException {
    Path other = unpacked("other.so", "brought by the user");
    try (URLClassLoader loader = jar()) {
      removeDamaged(loader, other, temporary.resolve("missing.so"));
    }
    assertThat(other).exists();
  }
}
