package dev.mneme.store;

import dev.mneme.Compatibility;
import dev.mneme.ForeignHostPolicy;
import dev.mneme.HostModel;
import dev.mneme.IncompatibleMemoryException;
import dev.mneme.MemoryModule;
import dev.mneme.MnemeException;
import dev.mneme.Providers;
import dev.mneme.UnresolvedNameException;
import dev.mneme.store.packs.MemoryStore;
import dev.mneme.store.packs.PackPlace;
import dev.mneme.store.packs.PackPlace.OpenedPack;
import dev.mneme.store.packs.Trust;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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
   * @throws IncompatibleMemoryException if it does not fit the host, or no engine runs it there;
   *     lists every reason
   * @throws MnemeException if the pack is missing or damaged, or several engines accept it
   */
  static MemoryModule open(Path directory, HostModel host) {
    return open(MemoryPack.open(directory), host);
  }

  /**
   * Opens the pack of a name, as {@code law}: the one that is installed under it in {@link
   * MemoryStore#standard()}, or else the one that a jar on the class path brings. {@code store:law}
   * and {@code classpath:law} mean one of the two.
   *
   * @throws UnresolvedNameException if no pack has the name, or several jars bring one
   * @throws IncompatibleMemoryException as for {@link #open(Path, HostModel)}
   * @throws MnemeException likewise
   */
  static MemoryModule open(String name, HostModel host) {
    try (OpenedPack pack = PackPlace.ofName(name).open(Trust.ofEnvironment())) {
      return open(pack.pack(), host);
    }
  }

  /** As {@link #open(Path, HostModel)}, with a pack opened before. */
  static MemoryModule open(MemoryPack pack, HostModel host) {
    return open(pack, host, engines());
  }

  private static List<MemoryLoader> engines() {
    return Providers.of(MemoryLoader.class).found();
  }

  /** As {@link #open(MemoryPack, HostModel)}, with a choice of engines. */
  static MemoryModule open(MemoryPack pack, HostModel host, List<MemoryLoader> loaders) {
    pack.requireTrusted();
    // Whether another host than the one it was trained on will do is decided when attaching.
    Compatibility found = pack.compatibilityWith(host, ForeignHostPolicy.ACCEPT);
    List<MemoryLoader> fitting = fitting(pack, host, loaders);
    if (fitting.isEmpty()) {
      found = found.and(noEngine(host, loaders));
    }
    found.require();
    if (fitting.size() > 1) {
      throw new MnemeException(
          "the memory %s can be opened by %s; call the one you want directly"
              .formatted(pack.name(), fitting.stream().map(MemoryLoader::engine).toList()));
    }
    return fitting.getFirst().load(pack, host);
  }

  private static List<MemoryLoader> fitting(
      MemoryPack pack, HostModel host, List<MemoryLoader> loaders) {
    return loaders.stream().filter(loader -> loader.accepts(pack, host)).toList();
  }

  private static String noEngine(HostModel host, List<MemoryLoader> loaders) {
    return "no engine on the class path runs it beside this host, %s; engines: %s%s"
        .formatted(
            host.getClass().getName(),
            loaders.stream().map(MemoryLoader::engine).toList(),
            unregistered(host, loaders));
  }

  /** What is known where the host is of an engine whose own loader is not among those found. */
  private static String unregistered(HostModel host, List<MemoryLoader> loaders) {
    String engine = host.getClass().getPackageName();
    Map<String, String> implementations =
        Map.of("dev.mneme.llamacpp", "LlamaCppMemoryLoader", "dev.mneme.djl", "TorchMemoryLoader");
    String name = implementations.get(engine);
    if (name == null
        || loaders.stream().anyMatch(l -> l.getClass().getPackageName().equals(engine))) {
      return "";
    }
    String dependency = "dev.mneme:" + (engine.endsWith("djl") ? "mneme-djl" : "mneme-llama-cpp");
    return "; "
        + Providers.of(MemoryLoader.class)
            .absence(MemoryLoader.class, engine + "." + name, dependency);
  }

  /**
   * Whether a pack fits a host and some engine on the class path runs it there, with every reason
   * why not.
   */
  static Compatibility check(MemoryPack pack, HostModel host) {
    Compatibility found = pack.compatibilityWith(host, ForeignHostPolicy.REFUSE);
    List<MemoryLoader> loaders = engines();
    return fitting(pack, host, loaders).isEmpty() ? found.and(noEngine(host, loaders)) : found;
  }
}
