package dev.mneme;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A resource with one owner and any number of leases: it closes when the owner has let go and the
 * last lease has ended, so that a swap never pulls a memory from under a running generation.
 */
final class Shared<T extends AutoCloseable> {

  private final T resource;
  private final AtomicInteger holders = new AtomicInteger(1);

  /**
   * Takes ownership.
   *
   * @param what the resource is, for messages
   * @throws IllegalArgumentException if something else owns it
   * @throws ClosedException if an owner has closed it
   */
  Shared(T resource, String what) {
    Ownership.claim(resource, what);
    this.resource = resource;
  }

  T get() {
    return resource;
  }

  /** Adds a lease; false if the resource is closed already. */
  boolean lease() {
    return holders.updateAndGet(n -> n == 0 ? 0 : n + 1) != 0;
  }

  /** Ends a lease, or the ownership. */
  void release() {
    if (holders.decrementAndGet() == 0) {
      Ownership.closing(resource);
      try {
        resource.close();
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new MnemeException("closing " + resource + " failed", e);
      }
    }
  }
}
