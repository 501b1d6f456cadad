package dev.mneme.store.packs;

import java.io.IOException;
import java.nio.file.Path;

/** Leases a pack and never gives it back. */
final class LeaseHolder {

  static final String READY = "leased";

  private LeaseHolder() {}

  /** Arguments: the store and the pack's name. Ends when its standard input ends. */
  public static void main(String[] args) throws IOException {
    PackLease lease = MemoryStore.at(Path.of(args[0])).lease(args[1], Trust.OFF);
    System.out.println(READY + " " + lease.pack().digest());
    while (System.in.read() >= 0) {
      // It says when to end by ending.
    }
  }
}
