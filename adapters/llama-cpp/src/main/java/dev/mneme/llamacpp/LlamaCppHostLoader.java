package dev.mneme.llamacpp;

import dev.mneme.HostLoader;
import dev.mneme.HostModel;
import dev.mneme.store.files.FileKind;
import dev.mneme.store.files.RegularFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Opens GGUF files as hosts; found by {@link java.util.ServiceLoader}. */
public final class LlamaCppHostLoader implements HostLoader {

  @Override
  public String engine() {
    return "llama.cpp";
  }

  @Override
  public boolean accepts(Path path) {
    return Files.isRegularFile(path) && (path.toString().endsWith(".gguf") || hasMagic(path));
  }

  private static boolean hasMagic(Path path) {
    try (InputStream in = Files.newInputStream(path)) {
      return new String(in.readNBytes(4), StandardCharsets.US_ASCII).equals("GGUF");
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public Optional<String> explain(Path path) {
    return Files.isDirectory(path)
        ? Optional.empty()
        : RegularFiles.problem(path).or(() -> Optional.of(FileKind.of(path).advice()));
  }

  @Override
  public HostModel load(Path path) {
    return LlamaCppHost.open(path);
  }
}
