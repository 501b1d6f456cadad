package dev.mneme;

import java.util.List;

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

  /** As {@link MnemeException#MnemeException(String, List)}. */
  public MalformedFileException(String message, List<String> problems) {
    super(message, problems);
  }
}
