package dev.mneme.llamacpp;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Runs actions in another JVM, so that an abort of native code fails one test by its name and
 * leaves the others running: the next action gets a new JVM. For one thread.
 */
public final class ChildJvm implements AutoCloseable {

  /** What to run: a lambda that captures nothing but strings, numbers and constants. */
  public interface Action extends Serializable {
    Object run() throws Exception;
  }

  private static final int SECONDS = 120;
  private static final String LIBRARY = "mneme.llama.library";

  private final Path log;
  private final Map<String, String> environment;
  private @Nullable Running running;

  private record Running(Process process, ObjectOutputStream actions, DataInputStream outcomes) {}

  /**
   * @param log where the JVM's standard error goes
   */
  public ChildJvm(Path log) {
    this(log, Map.of());
  }

  /**
   * @param environment variables it has besides those of this process
   */
  public ChildJvm(Path log, Map<String, String> environment) {
    this.log = log;
    this.environment = environment;
  }

  /**
   * What came of an action: {@code returned} and its result, or {@code threw} with the exception's
   * class and message.
   *
   * @throws AssertionError if the JVM did not live to tell, with its last words
   */
  public String outcome(Action action) {
    try {
      Running jvm = running == null ? start() : running;
      running = jvm;
      jvm.actions.writeObject(action);
      jvm.actions.flush();
      return CompletableFuture.supplyAsync(() -> read(jvm)).get(SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      Process process = running == null ? null : running.process;
      close();
      throw new AssertionError(
          "the JVM ended with code %s (137: stopped after %d seconds) and said:%n%s"
              .formatted(process == null ? "none" : process.exitValue(), SECONDS, lastWords()),
          e);
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String read(Running jvm) {
    try {
      return jvm.outcomes.readUTF();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String lastWords() {
    try {
      return Files.readString(log, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private Running start() throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+UseSerialGC",
            "-XX:-CreateCoredumpOnCrash",
            "-XX:+ErrorFileToStderr",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"));
    String library = System.getProperty(LIBRARY);
    if (library != null) {
      command.add("-D%s=%s".formatted(LIBRARY, library));
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), ChildJvm.class.getName()));
    var builder = new ProcessBuilder(command).redirectError(Redirect.to(log.toFile()));
    builder.environment().putAll(environment);
    Process process = builder.start();
    return new Running(
        process,
        new ObjectOutputStream(process.getOutputStream()),
        new DataInputStream(process.getInputStream()));
  }

  @Override
  public void close() {
    if (running != null) {
      try {
        // A JVM that ended on its own keeps its exit code.
        if (!running.process.waitFor(1, TimeUnit.SECONDS)) {
          running.process.destroyForcibly().waitFor();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      running = null;
    }
  }

  /** Runs actions from standard input and writes what came of each to standard output. */
  public static void main(String[] arguments) throws Exception {
    var outcomes = new DataOutputStream(System.out);
    System.setOut(System.err);
    var actions = new ObjectInputStream(System.in);
    while (true) {
      var action = (Action) actions.readObject();
      String outcome;
      try {
        outcome = "returned " + action.run();
      } catch (Exception e) {
        outcome = "threw " + e.getClass().getSimpleName() + ": " + e.getMessage();
      }
      outcomes.writeUTF(outcome);
      outcomes.flush();
    }
  }
}
