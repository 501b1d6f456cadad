package dev.mneme.llamacpp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * Runs an action in a JVM of its own, so that an abort of native code fails one test by its name
 * and leaves the others running.
 */
final class ChildJvm {

  /** What to run: a lambda that captures nothing but strings and numbers. */
  interface Action extends Serializable {
    Object run() throws Exception;
  }

  private static final int SECONDS = 120;

  private ChildJvm() {}

  /**
   * What came of an action: {@code returned} and its result, or {@code threw} with the exception's
   * class and message. Fails if the JVM did not live to tell.
   */
  static String outcome(Action action) {
    try {
      Path log = Files.createTempFile("child-jvm", ".log");
      try {
        return run(action, log);
      } finally {
        Files.delete(log);
      }
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String run(Action action, Path log) throws IOException, InterruptedException {
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-CreateCoredumpOnCrash",
                "-XX:+ErrorFileToStderr",
                "-cp",
                System.getProperty("java.class.path"),
                ChildJvm.class.getName())
            .redirectError(Redirect.to(log.toFile()))
            .start();
    try (OutputStream in = child.getOutputStream();
        var objects = new ObjectOutputStream(in)) {
      objects.writeObject(action);
    }
    String out = new String(child.getInputStream().readAllBytes(), UTF_8);
    boolean ended = child.waitFor(SECONDS, TimeUnit.SECONDS);
    child.destroyForcibly();
    assertThat(ended).as("ended in %d seconds", SECONDS).isTrue();
    assertThat(child.exitValue())
        .as("exit code of the JVM, which said:%n%s%n%s", out, Files.readString(log))
        .isZero();
    return out;
  }

  /** Reads an action from standard input and prints what came of it. */
  public static void main(String[] arguments) throws Exception {
    var out = System.out;
    String outcome;
    try (var objects = new ObjectInputStream(System.in)) {
      outcome = "returned " + ((Action) objects.readObject()).run();
    } catch (Exception e) {
      outcome = "threw " + e.getClass().getSimpleName() + ": " + e.getMessage();
    }
    out.print(outcome);
    out.flush();
  }
}
