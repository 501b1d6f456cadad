package dev.mneme.store.packs;

import dev.mneme.MnemeException;

/** A pack is not signed as its user asked; nothing of it was used. */
public final class UntrustedPackException extends MnemeException {
  private static final long serialVersionUID = 1L;

  /** What is wrong with a signature. */
  public enum Reason {
    /** There is none. */
    MISSING,
    /** Nobody vouches for the key. */
    UNKNOWN_KEY,
    /** The key is trusted, but did not make this signature of what the signature says. */
    FORGED,
    /** It is good, but of another manifest. */
    OTHER_MANIFEST,
    /** It is good, but the key is trusted as somebody else's. */
    OTHER_SIGNER,
    /** It was good once. */
    EXPIRED
  }

  private final Reason reason;

  public UntrustedPackException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** What is wrong. */
  public Reason reason() {
    return reason;
  }
}
