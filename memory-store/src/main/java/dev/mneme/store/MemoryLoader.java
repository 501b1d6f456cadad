package dev.mneme.store;

import dev.mneme.HostModel;
import dev.mneme.IncompatibleMemoryException;
import dev.mneme.MemoryModule;
import dev.mneme.MnemeException;
import dev.mneme.UnresolvedNameException;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;

/**
 * Opens packs as memories for a host. An engine's jar registers one with {@link ServiceLoader};
 * having the jar on the class path is all an application does.
 */
public interface MemoryLoader {

  /** The engine's name for messages. */
  String engine();

  /** Whether this engine can run such a pack beside this host, judged cheaply. */
  boolean accepts(MemoryPack pack, HostModel host);

  /**
   * Opens the memory with the engine's defaults; the caller closes it. The vocabularies have been
   * compared.
   */
  MemoryModule load(MemoryPack pack, HostModel host);

  /**
   * Opens a pack, or a plain model folder, for a host, with the one engine on the class path that
   * accepts the two.
   *
   * @throws IncompatibleMemoryException if token ids do not mean the same in both; lists every
   *     difference
   * @throws MnemeException if the pack is missing or damaged, no engine accepts it, or several do
   */
  static MemoryModule open(Path directory, HostModel host) {
    return open(MemoryPack.open(directory), host, engines());
  }

  /**
   * Opens a pack that a jar on the class path brings, as {@code law}.
   *
   * @throws UnresolvedNameException if no pack has the name, or several do
   * @throws IncompatibleMemoryException as for {@link #open(Path, HostModel)}
   * @throws MnemeException likewise
   */
  static MemoryModule open(String name, HostModel host) {
    return open(ClassPathModels.here().pack(name), host, engines());
  }

  private static List<MemoryLoader> engines() {
    return ServiceLoader.load(MemoryLoader.class).stream()
        .map(ServiceLoader.Provider::get)
        .toList();
  }

  /** As {@link #open(Path, HostModel)}, with a pack opened before and a choice of engines. */
  static MemoryModule open(MemoryPack pack, HostModel host, List<MemoryLoader> loaders) {
    pack.requireVocabularyOf(host);
    List<MemoryLoader> fitting =
        loaders.stream().filter(loader -> loader.accepts(pack, host)).toList();
    if (fitting.size() == 1) {
      return fitting.getFirst().load(pack, host);
    }
    List<String> names =
        (fitting.isEmpty() ? loaders : fitting).stream().map(MemoryLoader::engine).toList();
    throw new MnemeException(
        fitting.isEmpty()
            ? "the memory %s is nothing that any engine on the class path runs beside the host %s; engines: %s"
                .formatted(pack.name(), host.name(), names)
            : "the memory %s can be opened by %s; call the one you want directly"
                .formatted(pack.name(), names));
  }
}
