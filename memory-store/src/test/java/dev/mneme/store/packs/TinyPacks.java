package dev.mneme.store.packs;

import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackLabel;
import dev.mneme.store.PackVersion;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/**
 * Makes small packs for stores, and looks at what stores have.
 *
 * @param directory where the packs are put
 */
record TinyPacks(Path directory) {

  static final PackVersion SECOND = new PackVersion(1, 1, 0);

  /** A new pack; equal seeds give equal weights. */
  MemoryPack make(String name, PackVersion version, int seed) {
    Path model = TinyModel.write(TinyModel.directory(directory, "model"), Family.LLAMA, seed);
    Path out = directory.resolve("%s-%s-%d".formatted(name, version, seed));
    return MemoryPack.importFrom(model, PackLabel.of(name, "").withVersion(version), out);
  }

  /** Installs a pack, also in place of a later one. */
  static InstalledPack install(MemoryStore store, MemoryPack pack) {
    try (PackFolder source = PackFolder.open(pack.directory())) {
      return store.install(source, Trust.OFF, true);
    }
  }

  /** The regular files in one folder of a store. */
  static List<Path> files(MemoryStore store, String folder) throws IOException {
    Path start = store.root().resolve(folder);
    if (!Files.exists(start)) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(start)) {
      return all.filter(Files::isRegularFile).toList();
    }
  }

  /** Makes all that a store has look as if it came longer ago than what is spared. */
  static void age(MemoryStore store) throws IOException {
    FileTime longAgo = FileTime.from(Instant.now().minus(MemoryStore.GRACE.multipliedBy(2)));
    try (Stream<Path> packs = Files.list(store.root().resolve("packs"))) {
      for (Path path : Stream.concat(packs, files(store, "blobs").stream()).toList()) {
        Files.setLastModifiedTime(path, longAgo);
      }
    }
  }
}
