package dev.mneme;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Which engine of this project a host needs, where none on the class path opens it. */
enum MissingEngine {
  LLAMA_CPP(
      "a GGUF file",
      "llama.cpp",
      "dev.mneme:mneme-llama-cpp",
      "dev.mneme.llamacpp.LlamaCppHostLoader"),
  PYTORCH(
      "a Hugging Face folder", "PyTorch", "dev.mneme:mneme-djl", "dev.mneme.djl.TorchHostLoader");

  private static final byte[] GGUF = "GGUF".getBytes(StandardCharsets.US_ASCII);

  private final String kind;
  private final String engine;
  private final String dependency;
  private final String loader;

  MissingEngine(String kind, String engine, String dependency, String loader) {
    this.kind = kind;
    this.engine = engine;
    this.dependency = dependency;
    this.loader = loader;
  }

  /** Why no engine opens a host, and what to do. */
  static String explain(Path path, Providers<HostLoader> engines) {
    List<String> names = engines.found().stream().map(HostLoader::engine).toList();
    Optional<MissingEngine> needed = of(path).filter(engine -> !names.contains(engine.engine));
    if (needed.isPresent()) {
      MissingEngine engine = needed.get();
      return "%s is %s, which the engine %s opens; engines on the class path: %s; %s"
          .formatted(
              path,
              engine.kind,
              engine.engine,
              names,
              engines.absence(HostLoader.class, engine.loader, engine.dependency));
    }
    return "%s is not a model that any engine on the class path opens; engines: %s%s; give a .gguf file, or the folder of a model's config.json"
        .formatted(
            path, names, engines.failures().isEmpty() ? "" : "; unusable: " + engines.failures());
  }

  private static Optional<MissingEngine> of(Path path) {
    if (Files.isDirectory(path)) {
      return Files.exists(path.resolve("config.json")) ? Optional.of(PYTORCH) : Optional.empty();
    }
    return String.valueOf(path.getFileName()).endsWith(".gguf") || isGguf(path)
        ? Optional.of(LLAMA_CPP)
        : Optional.empty();
  }

  private static boolean isGguf(Path path) {
    if (!Files.isRegularFile(path)) {
      return false;
    }
    try (InputStream in = Files.newInputStream(path)) {
      return Arrays.equals(in.readNBytes(GGUF.length), GGUF);
    } catch (IOException e) {
      return false;
    }
  }
}
