package dev.mneme.samples;

import dev.mneme.Compatibility;
import dev.mneme.HostLoader;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.store.ClassPathModels;
import dev.mneme.store.MemoryLoader;
import dev.mneme.store.packs.FetchListener;
import dev.mneme.store.packs.InstalledPack;
import dev.mneme.store.packs.MemoryStore;
import dev.mneme.store.packs.PackLease;
import dev.mneme.store.packs.PackReference;
import dev.mneme.store.packs.Trust;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Installs a pack in a store, asks whether it fits a host, and attaches it. The store keeps every
 * file once by its content; a lease keeps a pack on disk as long as it is used.
 */
public final class InstallAPack {

  private InstallAPack() {}

  /**
   * Arguments: the folder of a store, and what to install: the name of a pack on the class path, a
   * folder, an archive, {@code hf:OWNER/NAME@REVISION} or {@code mvn:GROUP:ARTIFACT:VERSION}. Law,
   * in a temporary folder, where there are none.
   */
  public static void main(String[] args) throws IOException {
    Path folder = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("mneme-store");
    var reference = new PackReference(args.length > 1 ? args[1] : "law");
    MemoryStore store = MemoryStore.at(folder);
    InstalledPack pack = store.obtain(reference, Trust.ofEnvironment(), FetchListener.NONE);
    System.out.printf("%s %s, %s%n", pack.name(), pack.version(), pack.digest());

    var host = HostLoader.open(ClassPathModels.here().host("host-3m"));
    try (PackLease lease = store.lease(pack.name(), Trust.ofEnvironment());
        var model = MemoryAugmentedModel.over(host)) {
      Compatibility found = MemoryStore.check(pack, host);
      System.out.println(found.fits() ? "fits host-3m" : "does not fit: " + found.reasons());
      found.require();
      model.attach(MemoryLoader.open(lease.pack(), host), LambdaPolicy.fixed(0.6));
      System.out.println(model.memories());
    }
  }
}
