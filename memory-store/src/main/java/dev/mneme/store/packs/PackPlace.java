package dev.mneme.store.packs;

import dev.mneme.MnemeException;
import dev.mneme.UnresolvedNameException;
import dev.mneme.store.ClassPathModels;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackManifest;
import dev.mneme.store.hf.HuggingFaceConfig;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where the pack is that a user names, by one rule for the command line, for references and for the
 * API. A path with a folder in it is a path. A plain name is the pack that is installed under it,
 * or else the one on the class path, or else a folder; a folder that holds a pack under the name of
 * one of the others is refused, so that neither takes the other's place without a word. {@code
 * store:NAME} and {@code classpath:NAME} mean one place alone.
 */
public sealed interface PackPlace {

  /** What stands before a name that means an installed pack alone. */
  String STORE = "store:";

  /** What stands before a name that means a pack on the class path alone. */
  String CLASS_PATH = "classpath:";

  /** Opens the pack; whoever opens it closes it after what was made of it. */
  OpenedPack open(Trust trust);

  /** A folder with a pack or a plain model. */
  record InFolder(Path folder) implements PackPlace {
    @Override
    public OpenedPack open(Trust trust) {
      return new OpenedPack(MemoryPack.open(folder, trust), Optional.empty());
    }
  }

  /** A pack that a store has under a name. */
  record Installed(MemoryStore store, String name) implements PackPlace {
    @Override
    public OpenedPack open(Trust trust) {
      PackLease lease = store.lease(name, trust);
      return new OpenedPack(lease.pack(), Optional.of(lease));
    }
  }

  /** A pack that a jar or folder on the class path brings. */
  record OnClassPath(ClassPathModels models, String name) implements PackPlace {
    @Override
    public OpenedPack open(Trust trust) {
      return new OpenedPack(models.pack(name, trust), Optional.empty());
    }
  }

  /**
   * A pack that was opened.
   *
   * @param lease keeps it from being collected, where it comes from a store
   */
  record OpenedPack(MemoryPack pack, Optional<PackLease> lease) implements AutoCloseable {
    @Override
    public void close() {
      lease.ifPresent(PackLease::close);
    }
  }

  /**
   * The pack of a name, in the standard store or on the class path of this thread.
   *
   * @throws UnresolvedNameException if neither has it
   */
  static PackPlace ofName(String name) {
    MemoryStore store = MemoryStore.standard();
    ClassPathModels models = ClassPathModels.here();
    return named(name, Optional.of(store), models)
        .orElseThrow(
            () -> {
              List<String> names =
                  Stream.concat(store.names().stream(), models.packs().stream())
                      .distinct()
                      .sorted()
                      .toList();
              return new UnresolvedNameException(
                  "no pack named %s is installed in %s or on the class path; there are: %s"
                      .formatted(
                          name, store.root(), names.isEmpty() ? "none" : String.join(", ", names)),
                  names);
            });
  }

  /**
   * What a user means by a path or a name.
   *
   * @return empty if there is neither such a path nor such a name
   * @throws MnemeException if a folder and a pack elsewhere have the name; says how to mean each
   */
  static Optional<PackPlace> find(String given, MemoryStore store, ClassPathModels models) {
    return find(given, Optional.of(store), models);
  }

  /** As {@link #find(String, MemoryStore, ClassPathModels)}, of packs that are not installed. */
  static Optional<PackPlace> findSource(String given, ClassPathModels models) {
    return find(given, Optional.empty(), models);
  }

  private static Optional<PackPlace> find(
      String given, Optional<MemoryStore> store, ClassPathModels models) {
    Optional<PackPlace> named = named(given, store, models);
    Optional<Path> path = existing(given);
    if (path.isEmpty() || named.isEmpty()) {
      return path.isEmpty() ? named : path.map(InFolder::new);
    }
    if (holdsModel(path.get())) {
      throw ambiguous(given, path.get(), store, models);
    }
    return named;
  }

  private static MnemeException ambiguous(
      String name, Path folder, Optional<MemoryStore> store, ClassPathModels models) {
    var places = new ArrayList<String>();
    places.add(
        "the folder %s (write .%s%s)"
            .formatted(folder.toAbsolutePath(), folder.getFileSystem().getSeparator(), name));
    store
        .filter(where -> where.has(name))
        .ifPresent(
            where ->
                places.add(
                    "a pack in the store %s (write %s%s)".formatted(where.root(), STORE, name)));
    if (models.packs().contains(name)) {
      places.add("a shipped pack on the class path (write %s%s)".formatted(CLASS_PATH, name));
    }
    return new MnemeException(
        "%s may mean %s; write which one you want".formatted(name, String.join(", or ", places)));
  }

  private static Optional<PackPlace> named(
      String name, Optional<MemoryStore> store, ClassPathModels models) {
    if (name.startsWith(STORE)) {
      return store.map(where -> new Installed(where, name.substring(STORE.length())));
    }
    if (name.startsWith(CLASS_PATH)) {
      return Optional.of(new OnClassPath(models, name.substring(CLASS_PATH.length())));
    }
    if (!PackManifest.isValidName(name)) {
      return Optional.empty();
    }
    if (store.isPresent() && store.get().has(name)) {
      return Optional.of(new Installed(store.get(), name));
    }
    return models.packs().contains(name)
        ? Optional.of(new OnClassPath(models, name))
        : Optional.empty();
  }

  private static Optional<Path> existing(String given) {
    try {
      return Optional.of(Path.of(given)).filter(Files::exists);
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** A folder that has the name by chance, such as one of sources, is in nobody's way. */
  private static boolean holdsModel(Path path) {
    return Files.isRegularFile(path)
        || Files.exists(path.resolve(PackManifest.FILE))
        || Files.exists(path.resolve(HuggingFaceConfig.FILE));
  }
}
