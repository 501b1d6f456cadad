package dev.mneme;

/** A pack's files are not the ones its manifest names; nothing of it was used. */
public final class PackIntegrityException extends MnemeException {
  private static final long serialVersionUID = 1L;

  public PackIntegrityException(String message) {
    super(message);
  }

  public PackIntegrityException(String message, Throwable cause) {
    super(message, cause);
  }
}
