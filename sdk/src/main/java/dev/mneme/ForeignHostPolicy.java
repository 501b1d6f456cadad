package dev.mneme;

/**
 * What attaching does when a memory was trained on the activations of another host. A host whose
 * activations have another width, or none at the memory's tap, is refused always.
 */
public enum ForeignHostPolicy {
  /** {@link IncompatibleMemoryException}, with every difference. */
  REFUSE,
  /** Attach it: for a variant of the host that its {@link HostIdentity} cannot recognise. */
  ACCEPT
}
