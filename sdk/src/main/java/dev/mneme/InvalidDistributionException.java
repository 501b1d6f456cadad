package dev.mneme;

/** A model gave a row with NaN or infinities, from which no token may be drawn. */
public final class InvalidDistributionException extends MnemeException {
  private static final long serialVersionUID = 1L;

  public InvalidDistributionException(String message) {
    super(message);
  }

  public InvalidDistributionException(String message, Throwable cause) {
    super(message, cause);
  }
}
