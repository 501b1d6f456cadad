package dev.mneme;

/** The files of a pack, or of a host in a jar, are not the ones it lists; nothing was used. */
public final class PackIntegrityException extends MnemeException {
  private static final long serialVersionUID = 1L;

  public PackIntegrityException(String message) {
    super(message);
  }

  public PackIntegrityException(String message, Throwable cause) {
    super(message, cause);
  }
}
