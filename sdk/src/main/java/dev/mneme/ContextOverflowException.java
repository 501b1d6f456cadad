package dev.mneme;

/** More tokens than a session can hold; the message gives both numbers. */
public final class ContextOverflowException extends MnemeException {
  private static final long serialVersionUID = 1L;

  public ContextOverflowException(String message) {
    super(message);
  }

  public ContextOverflowException(String message, Throwable cause) {
    super(message, cause);
  }
}
