package dev.mneme.store.maven;

import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackLabel;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes jars with packs. */
final class TestJar implements AutoCloseable {

  private final ZipOutputStream out;

  TestJar(Path file) throws IOException {
    OutputStream to = Files.newOutputStream(file);
    out = new ZipOutputStream(to);
    add("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\n".getBytes(StandardCharsets.UTF_8));
  }

  /** A tiny pack in a folder of its own. */
  static MemoryPack pack(Path parent, String name, int seed) {
    Path model = TinyModel.write(TinyModel.directory(parent, "model"), Family.LLAMA, seed);
    return MemoryPack.importFrom(
        model, PackLabel.of(name, ""), parent.resolve("%s-%d".formatted(name, seed)));
  }

  /** A jar with packs, each in a folder of its name. */
  static byte[] of(Path parent, MemoryPack... packs) {
    Path file = parent.resolve("test.jar");
    try {
      try (var jar = new TestJar(file)) {
        for (MemoryPack pack : packs) {
          jar.addPack(pack.name(), pack.directory());
        }
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void addPack(String folder, Path pack) throws IOException {
    List<Path> files;
    try (Stream<Path> list = Files.list(pack)) {
      files = list.sorted().toList();
    }
    for (Path file : files) {
      add("META-INF/mneme/packs/" + folder + "/" + file.getFileName(), Files.readAllBytes(file));
    }
  }

  void add(String name, byte[] bytes) throws IOException {
    out.putNextEntry(new ZipEntry(name));
    out.write(bytes);
    out.closeEntry();
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
