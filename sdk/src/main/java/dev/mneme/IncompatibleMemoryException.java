package dev.mneme;

import java.util.List;

/** A memory does not fit the host; the message lists every reason found, not only the first. */
public final class IncompatibleMemoryException extends MnemeException {
  private static final long serialVersionUID = 1L;

  public IncompatibleMemoryException(String message) {
    super(message);
  }

  public IncompatibleMemoryException(String message, Throwable cause) {
    super(message, cause);
  }

  /** As {@link MnemeException#MnemeException(String, List)}. */
  public IncompatibleMemoryException(String message, List<String> reasons) {
    super(message, reasons);
  }
}
