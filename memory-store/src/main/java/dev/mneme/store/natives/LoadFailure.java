package dev.mneme.store.natives;

import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;

/** What it means when a native library cannot be loaded, from what the JVM and the system say. */
public final class LoadFailure {

  private static final int DEEPEST = 10;

  private LoadFailure() {}

  /**
   * The causes of a failure in one line, and what to do where that is known.
   *
   * @param failure as the loading threw it
   */
  public static String explain(Throwable failure) {
    String causes = causes(failure);
    String known = causes.toLowerCase(Locale.ROOT);
    if (known.contains("already loaded in another classloader")) {
      return causes
          + "; another class loader of this JVM has loaded the library, and the JVM binds a library to one: put Mneme and its dependencies where both applications share them (the server's own library folder), or give each application a JVM of its own";
    }
    if (known.contains("illegal native access")
        || known.contains("--illegal-native-access")
        || hasCause(failure, IllegalCallerException.class)) {
      return causes
          + "; this JVM forbids native libraries: start Java with --enable-native-access=ALL-UNNAMED";
    }
    if (known.contains("failed to map segment") || known.contains("operation not permitted")) {
      return causes
          + "; the system forbids running code from that folder, as file systems mounted noexec do";
    }
    if (known.contains("no space left") || known.contains("disk quota")) {
      return causes + "; free some space there (PyTorch needs 450 MB)";
    }
    return causes;
  }

  /** Whether a failure or one of its causes is of a type. */
  private static boolean hasCause(Throwable failure, Class<? extends Throwable> type) {
    Throwable at = failure;
    for (int depth = 0; at != null && depth < DEEPEST; depth++) {
      if (type.isInstance(at)) {
        return true;
      }
      at = at.getCause();
    }
    return false;
  }

  private static String causes(Throwable failure) {
    Set<String> texts = new LinkedHashSet<>();
    Throwable at = failure;
    for (int depth = 0; at != null && depth < DEEPEST; depth++) {
      String message = at.getMessage();
      boolean repeats = at.getCause() != null && at.getCause().toString().equals(message);
      if (!repeats) {
        texts.add(
            message == null || message.isBlank()
                ? at.getClass().getSimpleName()
                : at instanceof Error || message.length() < 40
                    ? at.getClass().getSimpleName() + ": " + message
                    : message);
      }
      at = at.getCause();
    }
    return String.join(": ", texts);
  }
}
