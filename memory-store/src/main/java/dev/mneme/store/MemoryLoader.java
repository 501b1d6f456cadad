package dev.mneme.store;

import dev.mneme.HostModel;
import dev.mneme.MemoryModule;
import dev.mneme.MnemeException;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;

/**
 * Makes a memory of a pack, for the engine of a host. An engine's jar registers one with {@link
 * ServiceLoader}, as for {@link dev.mneme.HostLoader}.
 */
public interface MemoryLoader {

  /** The engine's name for messages. */
  String engine();

  /** Whether this engine runs such a pack beside such a host. */
  boolean accepts(MemoryPack pack, HostModel host);

  /** Loads the memory with the engine's defaults; the caller closes it. */
  MemoryModule load(MemoryPack pack, HostModel host);

  /**
   * Opens a pack as a memory for a host.
   *
   * @throws dev.mneme.IncompatibleMemoryException if its vocabulary is not the host's
   * @throws MnemeException if no engine on the class path runs it, or several do
   */
  static MemoryModule open(Path directory, HostModel host) {
    MemoryPack pack = MemoryPack.open(directory);
    pack.requireVocabularyOf(host);
    List<MemoryLoader> fitting =
        ServiceLoader.load(MemoryLoader.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(loader -> loader.accepts(pack, host))
            .toList();
    if (fitting.size() == 1) {
      return fitting.getFirst().load(pack, host);
    }
    List<String> names = fitting.stream().map(MemoryLoader::engine).toList();
    throw new MnemeException(
        fitting.isEmpty()
            ? "no engine on the class path runs the memory %s beside this host"
                .formatted(pack.name())
            : "the memory %s can be run by %s; call the one you want directly"
                .formatted(pack.name(), names));
  }
}
