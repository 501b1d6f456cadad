package dev.mneme;

/**
 * A value was read after the call for which it was valid: rows of a session that has gone on or is
 * closed, or a distribution that was shown to a {@link LambdaPolicy}. Copy the numbers during the
 * call to keep them.
 */
public final class StaleValueException extends MnemeException {
  private static final long serialVersionUID = 1L;

  public StaleValueException(String message) {
    super(message);
  }

  public StaleValueException(String message, Throwable cause) {
    super(message, cause);
  }
}
