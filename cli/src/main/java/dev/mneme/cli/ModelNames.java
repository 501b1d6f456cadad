package dev.mneme.cli;

import dev.mneme.MnemeException;
import dev.mneme.store.ClassPathModels;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.files.RegularFiles;
import dev.mneme.store.packs.MemoryStore;
import dev.mneme.store.packs.PackPlace;
import dev.mneme.store.packs.PackReference;
import dev.mneme.store.packs.Trust;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a user may call a model. For a host that is a path, or else a name on the class path; for a
 * pack what {@link PackPlace} says, or a reference to somewhere else, from where it comes to the
 * store.
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
    if (RegularFiles.exists(Path.of(given))) {
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
   * A memory's pack, opened by the environment's policy on signatures. What comes from the store is
   * leased until this process ends.
   *
   * @throws MnemeException as for {@link #host}
   */
  static MemoryPack pack(String given) {
    return pack(given, Trust.ofEnvironment());
  }

  /** As {@link #pack(String)}, by a policy of the caller's own. */
  @SuppressWarnings("resource") // given back when the process ends, as a lease is its process's
  static MemoryPack pack(String given, Trust trust) {
    var reference = new PackReference(given);
    MemoryStore store = MemoryStore.standard();
    if (reference.isRemote()) {
      try (var bars = new FetchBars()) {
        return store.lease(store.obtain(reference, trust, bars).name(), trust).pack();
      }
    }
    ClassPathModels models = ClassPathModels.here();
    Optional<PackPlace> place = PackPlace.find(given, store, models);
    if (place.isPresent()) {
      return place.get().open(trust).pack();
    }
    throw new MnemeException(
        "no such pack: %s; give a folder with pack.json, or with a model's config.json, a reference as hf:OWNER/NAME@REVISION, or a pack on the class path: %s, or in the store: %s"
            .formatted(given, orNone(models.packs()), orNone(store.names())));
  }

  /** Whether a text means a pack, in a folder or by name. */
  static boolean isPack(String given) {
    return PackPlace.find(given, MemoryStore.standard(), ClassPathModels.here()).isPresent();
  }

  private static String orNone(List<String> names) {
    return names.isEmpty() ? "none" : String.join(", ", names);
  }
}
