package dev.mneme;

/**
 * A file breaks the rules of its format; the message names the file, the place in it and the rule.
 */
public final class MalformedFileException extends MnemeException {
  private static final long serialVersionUID = 1L;

  public MalformedFileException(String message) {
    super(message);
  }

  public MalformedFileException(String message, Throwable cause) {
    super(message, cause);
  }
}
