package dev.mneme;

/** A native library could not be loaded, is not one Mneme knows, or failed at a call. */
public final class NativeLibraryException extends MnemeException {
  private static final long serialVersionUID = 1L;

  public NativeLibraryException(String message) {
    super(message);
  }

  public NativeLibraryException(String message, Throwable cause) {
    super(message, cause);
  }
}
