package dev.mneme.cli;

import dev.mneme.MnemeException;
import dev.mneme.store.ClassPathModels;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.packs.InstalledPack;
import dev.mneme.store.packs.MemoryStore;
import dev.mneme.store.packs.PackReference;
import dev.mneme.store.packs.Trust;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What a user may call a model: a path that exists, or else a name on the class path, or, for a
 * pack, in the store, or a reference to somewhere else, from where it comes to the store.
 */
final class ModelNames {

  private ModelNames() {}

  /**
   * The file or folder of a host.
   *
   * @throws MnemeException if there is neither such a path nor such a name
   */
  static Path host(String given) {
    ClassPathModels models = ClassPathModels.here();
    if (Files.exists(Path.of(given))) {
      return Path.of(given);
    }
    if (models.hosts().contains(given)) {
      return models.host(given);
    }
    throw new MnemeException(
        "no such host: %s; give a .gguf file, a Hugging Face folder, or a host on the class path: %s"
            .formatted(given, orNone(models.hosts())));
  }

  /**
   * A memory's pack, opened. What comes from the store is leased until this process ends.
   *
   * @throws MnemeException as for {@link #host}
   */
  static MemoryPack pack(String given) {
    var reference = new PackReference(given);
    MemoryStore store = MemoryStore.standard();
    if (reference.isRemote()) {
      try (var bars = new FetchBars()) {
        return leased(store, store.obtain(reference, Trust.ofEnvironment(), bars).name());
      }
    }
    ClassPathModels models = ClassPathModels.here();
    if (Files.exists(Path.of(given))) {
      return MemoryPack.open(Path.of(given));
    }
    if (models.packs().contains(given)) {
      return models.pack(given);
    }
    if (store.find(given).isPresent()) {
      return leased(store, given);
    }
    throw new MnemeException(
        "no such pack: %s; give a folder with pack.json, or with a model's config.json, a reference as hf:OWNER/NAME@REVISION, or a pack on the class path: %s, or in the store: %s"
            .formatted(
                given,
                orNone(models.packs()),
                orNone(store.list().stream().map(InstalledPack::name).toList())));
  }

  @SuppressWarnings("resource") // given back when the process ends, as a lease is its process's
  private static MemoryPack leased(MemoryStore store, String name) {
    return store.lease(name, Trust.ofEnvironment()).pack();
  }

  private static String orNone(List<String> names) {
    return names.isEmpty() ? "none" : String.join(", ", names);
  }
}
