package dev.mneme.store.testing;

import com.google.common.hash.Hashing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/** Writes jars that bring models along, as the build of a pack's module does. */
public final class ModelJar {

  private ModelJar() {}

  /**
   * Writes a jar.
   *
   * @param folders what to put under which path in the jar, such as {@code META-INF/mneme/packs/a}
   */
  public static Path write(Path jar, Map<String, Path> folders) {
    try (var out = new JarOutputStream(Files.newOutputStream(jar))) {
      Set<String> made = new HashSet<>();
      for (Map.Entry<String, Path> folder : folders.entrySet()) {
        String path = "";
        for (String part : folder.getKey().split("/", -1)) {
          path += part + "/";
          if (made.add(path)) {
            out.putNextEntry(new JarEntry(path));
          }
        }
        for (Path file : files(folder.getValue())) {
          out.putNextEntry(new JarEntry(path + file.getFileName()));
          Files.copy(file, out);
        }
      }
      return jar;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes the {@code SHA256SUMS} of a host's folder into it. */
  public static Path sums(Path folder) {
    try {
      var sums = new StringBuilder();
      for (Path file : files(folder)) {
        sums.append(Hashing.sha256().hashBytes(Files.readAllBytes(file)))
            .append("  ")
            .append(file.getFileName())
            .append('\n');
      }
      Files.writeString(folder.resolve("SHA256SUMS"), sums);
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }
}
