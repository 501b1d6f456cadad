package dev.mneme.store.packs;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/** Uses a store as an application and the commands do, while other processes do the same. */
final class StoreUser {

  private StoreUser() {}

  /**
   * Arguments: the store, at which pack to begin, and the packs. Begins when its standard input has
   * a byte or ends.
   */
  public static void main(String[] args) throws IOException {
    MemoryStore store = MemoryStore.at(Path.of(args[0]));
    List<Path> packs = Stream.of(args).skip(2).map(Path::of).toList();
    var order = new java.util.ArrayList<>(packs);
    Collections.rotate(order, Integer.parseInt(args[1]));
    System.in.read();
    for (Path pack : order) {
      try (PackFolder source = PackFolder.open(pack)) {
        InstalledPack installed = store.install(source, Trust.OFF, true);
        store.list();
        store.collect(MemoryStore.GRACE);
        try (PackLease lease = store.lease(installed.name(), Trust.OFF)) {
          store.collect(MemoryStore.GRACE);
          lease.pack();
        }
      }
    }
  }
}
