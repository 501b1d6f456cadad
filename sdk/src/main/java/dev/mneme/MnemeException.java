package dev.mneme;

import java.util.List;

/**
 * Root of everything Mneme throws on purpose; the message says what was expected, found, where, and
 * what to do. Messages quote files, servers and the environment, so they are escaped and shortened
 * as {@link PrintableText} describes: a message is one line, or one line for each detail.
 */
public class MnemeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public MnemeException(String message) {
    super(PrintableText.of(message));
  }

  public MnemeException(String message, Throwable cause) {
    super(PrintableText.of(message), cause);
  }

  /**
   * A message of several lines.
   *
   * @param message the first line
   * @param details one line each; after ten, only their number
   */
  public MnemeException(String message, List<String> details) {
    super(PrintableText.withDetails(message, details));
  }
}
