package dev.mneme;

/** Something was used after it had been closed. */
public final class ClosedException extends MnemeException {
  private static final long serialVersionUID = 1L;

  public ClosedException(String message) {
    super(message);
  }

  public ClosedException(String message, Throwable cause) {
    super(message, cause);
  }
}
