package dev.mneme.benchmarks.schema;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntFunction;

/**
 * Tries files in child JVMs, one after the other. A file that ends or hangs its JVM costs no more
 * than that JVM: the next file gets a new one.
 */
public final class FileTrials {

  /** How the outcome of a file begins that ended its JVM. */
  public static final String ENDED = "ended the JVM";

  /** How the outcome of a file begins that took its JVM too long. */
  public static final String HUNG = "hung the JVM";

  /** Receives what came of each file, in order. */
  public interface Outcomes {
    void add(int index, String outcome) throws IOException;
  }

  /** Marks the child's own lines among whatever native code prints. */
  private static final String MARK = "trial: ";

  private static final int FILES_OF_A_JVM = 1000;
  private static final int SECONDS_FOR_A_FILE = 30;

  private final Path folder;
  private final Class<?> program;
  private final List<String> arguments;

  /**
   * Makes a runner.
   *
   * @param folder for the file that is being tried and the child's messages
   * @param program whose {@code main} calls {@link #child}
   * @param arguments of that program; the first and the last file of its share follow them
   */
  public FileTrials(Path folder, Class<?> program, List<String> arguments) {
    this.folder = folder;
    this.program = program;
    this.arguments = arguments;
  }

  /** Tries the files from one number, inclusive, to another, exclusive. */
  public void run(int from, int to, Outcomes outcomes) throws IOException, InterruptedException {
    int next = from;
    while (next < to) {
      next = share(next, Math.min(to, next + FILES_OF_A_JVM), outcomes);
    }
  }

  /** Runs files until the child is through with them or dies; tells the next to run. */
  private int share(int from, int to, Outcomes outcomes) throws IOException, InterruptedException {
    Path log = folder.resolve("child.log");
    Process child = start(from, to, log);
    int next = from;
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
      while (next < to) {
        String line = line(lines);
        if (!line.startsWith(MARK)) {
          child.destroyForcibly().waitFor(); // or closing its output would wait for the reader
          outcomes.add(next, line + lastWords(log));
          return next + 1;
        }
        outcomes.add(next, line.substring(MARK.length()));
        next++;
      }
    } finally {
      child.destroyForcibly().waitFor();
    }
    return next;
  }

  private Process start(int from, int to, Path log) throws IOException {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-CreateCoredumpOnCrash",
                "-XX:+ErrorFileToStderr",
                "-Xmx512m",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=off",
                "-cp",
                System.getProperty("java.class.path"),
                program.getName()));
    command.addAll(arguments);
    command.add(Integer.toString(from));
    command.add(Integer.toString(to));
    return new ProcessBuilder(command).redirectError(log.toFile()).start();
  }

  /** The child's next line of its own; something else where it ended or takes too long. */
  private static String line(BufferedReader lines) throws InterruptedException {
    try {
      return CompletableFuture.supplyAsync(() -> read(lines))
          .get(SECONDS_FOR_A_FILE, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      return HUNG;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String read(BufferedReader lines) {
    try {
      String line = lines.readLine();
      while (line != null && !line.startsWith(MARK)) {
        line = lines.readLine();
      }
      return line == null ? ENDED : line;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String lastWords(Path log) throws IOException {
    return ": "
        + Files.readAllLines(log, StandardCharsets.ISO_8859_1).stream()
            .filter(
                line -> line.contains("ASSERT") || line.contains("SIG") || line.contains("rror"))
            .findFirst()
            .orElse("no reason given");
  }

  /**
   * The child's part: tries its share of files and says of each what came of it.
   *
   * @param words the arguments of {@code main}, of which the last two are the share
   * @param content of a file by its number
   */
  public static void child(Path folder, List<String> words, IntFunction<byte[]> content)
      throws IOException {
    int from = Integer.parseInt(words.get(words.size() - 2));
    int to = Integer.parseInt(words.getLast());
    Path file = folder.resolve("tried.gguf");
    for (int i = from; i < to; i++) {
      Files.deleteIfExists(file); // an earlier one may still be mapped
      Files.write(file, content.apply(i));
      System.out.println(MARK + FileTrial.run(file));
      System.out.flush();
    }
    Files.deleteIfExists(file);
  }
}
