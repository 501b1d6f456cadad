package dev.mneme.store.packs;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Installs a pack and collects what it replaced, in a process that ends at a step, as if killed.
 */
final class KilledInstall {

  static final int KILLED = 9;

  private KilledInstall() {}

  /** Arguments: the store, the pack, and at which step to end. */
  public static void main(String[] args) {
    var left = new AtomicInteger(Integer.parseInt(args[2]));
    Runnable step =
        () -> {
          if (left.decrementAndGet() == 0) {
            Runtime.getRuntime().halt(KILLED); // no finally block runs
          }
        };
    var store = new MemoryStore(Path.of(args[0]), InstantSource.system(), step);
    try (PackFolder source = PackFolder.open(Path.of(args[1]))) {
      store.install(source, Trust.OFF, false);
    }
    store.collect(Duration.ofHours(-1));
  }
}
