package dev.mneme;

import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Says in words why something failed. An exception's own text alone does not: that of a missing
 * file is the path, that of a refused connection is often null.
 */
public final class FailureText {

  /** Deeper chains of causes are not followed. */
  private static final int DEEPEST = 10;

  private static final String OWN = "dev.mneme.";
  private static final String TLS = "javax.net.ssl.";

  /** Kinds whose names say no more than their texts. */
  private static final Set<Class<? extends Throwable>> TELL_NOTHING =
      Set.of(
          IOException.class,
          RuntimeException.class,
          IllegalArgumentException.class,
          IllegalStateException.class);

  private FailureText() {}

  /**
   * The kind of failure, and what is known of it, on one line: {@code no such file: /a/b}, {@code
   * the connection was refused}, {@code ZipException: invalid CEN header}. An exception that says
   * nothing is explained by its cause.
   */
  public static String of(Throwable failure) {
    Throwable at = failure;
    for (int depth = 0; depth < DEEPEST; depth++) {
      Throwable cause = at.getCause();
      if (cause == null || !saysNothing(at)) {
        break;
      }
      at = cause;
    }
    return PrintableText.of(words(at));
  }

  /** Whether only the cause explains an exception. */
  private static boolean saysNothing(Throwable failure) {
    return isWrapper(failure)
        || (!hasText(failure) && (kind(failure).isEmpty() || isVague(failure)));
  }

  private static String words(Throwable failure) {
    return kind(failure)
        .orElseGet(
            () -> {
              if (!hasText(failure)) {
                return failure.getClass().getSimpleName();
              }
              return TELL_NOTHING.contains(failure.getClass())
                      || failure.getClass().getName().startsWith(OWN)
                  ? failure.getMessage()
                  : failure.getClass().getSimpleName() + ": " + failure.getMessage();
            });
  }

  /** Whether the exception's message is that of its cause, as constructors make it by default. */
  private static boolean isWrapper(Throwable failure) {
    Throwable cause = failure.getCause();
    return cause != null && String.valueOf(failure.getMessage()).equals(cause.toString());
  }

  private static boolean hasText(Throwable failure) {
    String message = failure.getMessage();
    return message != null && !message.isBlank();
  }

  /** A kind that says less than its cause may. */
  private static boolean isVague(Throwable failure) {
    return failure instanceof ConnectException
        && !(failure.getCause() instanceof ClosedChannelException); // after it was refused
  }

  /** Words of our own for the kinds that are met often. */
  private static Optional<String> kind(Throwable failure) {
    return Optional.ofNullable(
        switch (failure) {
          case MnemeException own -> own.getMessage();
          case InterruptedException _ -> "it was interrupted";
          case ClosedByInterruptException _ -> "it was interrupted";
          case SocketTimeoutException _ -> "no answer came in time";
          case InterruptedIOException _ -> "it was interrupted";
          case UnknownHostException unknown ->
              with("the host's name is not known to DNS", unknown.getMessage());
          case UnresolvedAddressException _ -> "the host's name is not known to DNS";
          case NoRouteToHostException _ -> "no network route leads to the host";
          case ConnectException refused -> connection(refused);
          case HttpConnectTimeoutException _ -> "no connection was made in time";
          case HttpTimeoutException _ -> "no answer came in time";
          case ClosedChannelException _ -> "the connection or file was closed";
          case CharacterCodingException _ -> "it is not valid text in UTF-8";
          case EOFException end -> with("it ends too early", end.getMessage());
          case FileSystemException file -> file(file);
          case OutOfMemoryError _ -> with("not enough memory", failure.getMessage());
          default ->
              failure.getClass().getName().startsWith(TLS)
                  ? with("the TLS connection failed", failure.getMessage())
                  : null;
        });
  }

  private static String connection(ConnectException failure) {
    String message = failure.getMessage();
    return message == null || message.equals("Connection refused")
        ? "the connection was refused"
        : "the connection failed: " + message;
  }

  private static @Nullable String file(FileSystemException failure) {
    String what =
        switch (failure) {
          case NoSuchFileException _ -> "no such file";
          case AccessDeniedException _ -> "permission denied";
          case FileAlreadyExistsException _ -> "it exists already";
          case NotDirectoryException _ -> "it is no folder";
          case DirectoryNotEmptyException _ -> "the folder is not empty";
          case FileSystemLoopException _ -> "its links lead in a circle";
          default -> null;
        };
    if (what == null) {
      return failure.getMessage(); // the file and the operating system's reason
    }
    return with(with(what, failure.getFile()), failure.getReason());
  }

  private static String with(String what, @Nullable String detail) {
    return detail == null || detail.isBlank() ? what : what + ": " + detail;
  }
}
