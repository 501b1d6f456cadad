package dev.mneme;

/**
 * Root of everything Mneme throws on purpose; the message says what was expected, found, where, and
 * what to do.
 */
public class MnemeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public MnemeException(String message) {
    super(message);
  }

  public MnemeException(String message, Throwable cause) {
    super(message, cause);
  }
}
