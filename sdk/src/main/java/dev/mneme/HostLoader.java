package dev.mneme;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Opens hosts from files. An engine's jar registers one with {@link ServiceLoader}; having the jar
 * on the class path is all an application does.
 */
public interface HostLoader {

  /** The engine's name for messages. */
  String engine();

  /**
   * Whether this engine opens such a file or folder, judged cheaply from its name or first bytes.
   */
  boolean accepts(Path path);

  /**
   * What this engine knows of a path that it does not accept, as the end of a sentence that begins
   * with the path: what it is instead of a model, and what to do. Empty where it knows nothing.
   */
  default Optional<String> explain(Path path) {
    return Optional.empty();
  }

  /** Opens the host with the engine's defaults; the caller closes it. */
  HostModel load(Path path);

  /**
   * Opens a host with the one engine on the class path that accepts it.
   *
   * @throws MnemeException if the file is missing, no engine accepts it, or several do
   */
  static HostModel open(Path path) {
    if (!Files.exists(Arguments.present(path, "path"), LinkOption.NOFOLLOW_LINKS)) {
      throw new MnemeException("no such host: " + path + "; give a .gguf file or a model folder");
    }
    Providers<HostLoader> engines = Providers.of(HostLoader.class);
    List<HostLoader> fitting =
        engines.found().stream().filter(loader -> loader.accepts(path)).toList();
    if (fitting.isEmpty()) {
      throw new MnemeException(
          engines.found().stream()
              .flatMap(loader -> loader.explain(path).stream())
              .findFirst()
              .map(explained -> path + " " + explained)
              .orElseGet(() -> MissingEngine.explain(path, engines)));
    }
    if (fitting.size() > 1) {
      throw new MnemeException(
          "%s can be opened by %s; call the one you want directly"
              .formatted(path, fitting.stream().map(HostLoader::engine).toList()));
    }
    return fitting.getFirst().load(path);
  }
}
