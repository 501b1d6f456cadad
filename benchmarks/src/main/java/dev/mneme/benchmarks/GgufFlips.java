package dev.mneme.benchmarks;

import dev.mneme.HostSession;
import dev.mneme.MnemeException;
import dev.mneme.Rows;
import dev.mneme.llamacpp.LlamaCppHost;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.gguf.GgufTensor;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Opens thousands of damaged GGUF files in JVMs of their own and counts how many were refused,
 * worked, or ended the JVM. A file that opens is called with four tokens and encodes a text.
 *
 * <p>Arguments: a folder for the files that ended a JVM (if absent, a temporary one), {@code
 * --files N}, {@code --seed N}. Exits with 1 if a JVM ended or hung.
 */
public final class GgufFlips {

  private static final int BATCH = 300;
  private static final int SECONDS_FOR_A_FILE = 30;

  private final Path folder;
  private final long seed;
  private final int files;
  private final List<String> crashes = new ArrayList<>();
  private int refused;
  private int opened;

  private GgufFlips(Path folder, int files, long seed) {
    this.folder = folder;
    this.files = files;
    this.seed = seed;
  }

  public static void main(String[] arguments) throws Exception {
    List<String> words = List.of(arguments);
    if (words.contains("--child")) {
      child(
          Path.of(words.get(0)),
          number(words, "--from", 0),
          number(words, "--files", 0),
          number(words, "--seed", 0));
      return;
    }
    boolean named = !words.isEmpty() && !words.get(0).startsWith("--");
    Path folder =
        named
            ? Files.createDirectories(Path.of(words.get(0)))
            : Files.createTempDirectory("gguf-flips");
    var flips =
        new GgufFlips(folder, (int) number(words, "--files", 3000), number(words, "--seed", 1));
    flips.run();
    System.exit(flips.crashes.isEmpty() ? 0 : 1);
  }

  private static long number(List<String> words, String name, long otherwise) {
    int at = words.indexOf(name);
    return at < 0 ? otherwise : Long.parseLong(words.get(at + 1));
  }

  private void run() throws Exception {
    for (SmallModel model : SmallModel.values()) {
      Path whole = folder.resolve(model + ".gguf");
      model.write(whole);
      if (!attempt(whole).equals("opened")) {
        throw new IllegalStateException(whole + " does not open even undamaged");
      }
    }
    long start = System.nanoTime();
    int next = 0;
    while (next < files) {
      next = batch(next, Math.min(BATCH, files - next));
    }
    Files.deleteIfExists(folder.resolve("damaged.gguf"));
    crashes.forEach(System.out::println);
    System.out.printf(
        Locale.ROOT,
        "%d damaged files, seed %d: %d refused, %d opened and ran, %d ended or hung the JVM; %.0f"
            + " s%n",
        files,
        seed,
        refused,
        opened,
        crashes.size(),
        (System.nanoTime() - start) / 1e9);
  }

  /** Runs files until the child is through with them or dies; tells the next to run. */
  private int batch(int from, int count) throws Exception {
    Path log = folder.resolve("child.log");
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:-CreateCoredumpOnCrash",
                "-XX:+ErrorFileToStderr",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=off",
                "-cp",
                System.getProperty("java.class.path"),
                GgufFlips.class.getName(),
                folder.toString(),
                "--child",
                "--from",
                Integer.toString(from),
                "--files",
                Integer.toString(count),
                "--seed",
                Long.toString(seed))
            .redirectError(log.toFile())
            .start();
    int next = from;
    String end = "";
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
      while (next < from + count) {
        String line = line(lines);
        if (!line.equals("refused") && !line.equals("opened")) {
          end = line;
          break;
        }
        refused += line.equals("refused") ? 1 : 0;
        opened += line.equals("opened") ? 1 : 0;
        next++;
      }
    } finally {
      child.destroyForcibly().waitFor();
    }
    if (next == from + count) {
      return next;
    }
    Path kept = folder.resolve("ended-" + seed + "-" + next + ".gguf");
    Files.write(kept, damaged(folder, next, seed));
    String reason =
        Files.readAllLines(log, StandardCharsets.ISO_8859_1).stream()
            .filter(
                line -> line.contains("ASSERT") || line.contains("SIG") || line.contains("rror"))
            .findFirst()
            .orElse("no reason given");
    crashes.add("%s: %s %s".formatted(kept, end, reason));
    return next + 1;
  }

  /** The child's next line; something else where it ended or takes too long. */
  private static String line(BufferedReader lines) throws Exception {
    try {
      String line =
          CompletableFuture.supplyAsync(() -> read(lines))
              .get(SECONDS_FOR_A_FILE, TimeUnit.SECONDS);
      return line.isEmpty() ? "ended" : line;
    } catch (TimeoutException e) {
      return "hung";
    }
  }

  private static String read(BufferedReader lines) {
    try {
      String line = lines.readLine();
      return line == null ? "" : line;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] damaged(Path folder, long index, long seed) throws IOException {
    SmallModel[] models = SmallModel.values();
    Path original = folder.resolve(models[(int) (index % models.length)] + ".gguf");
    long front =
        GgufFile.read(original).tensors().values().stream()
            .mapToLong(GgufTensor::offset)
            .min()
            .orElseThrow();
    return Damage.of(Files.readAllBytes(original), (int) front, seed * 1_000_003 + index);
  }

  /** Opens files one after the other and says of each what came of it. */
  private static void child(Path folder, long from, long count, long seed) throws IOException {
    Path file = folder.resolve("damaged.gguf");
    for (long i = from; i < from + count; i++) {
      Files.deleteIfExists(file); // an earlier one may still be mapped
      Files.write(file, damaged(folder, i, seed));
      System.out.println(attempt(file));
      System.out.flush();
    }
  }

  private static String attempt(Path file) {
    try (LlamaCppHost host = LlamaCppHost.open(file);
        HostSession session = host.openSession(1)) {
      host.tokenizer().encode("the text, n\u00e4ive \u4e2d\n", true, true);
      session.forward(new int[] {5, 6, 7, 8}, Rows.LAST);
      return "opened";
    } catch (MnemeException | IllegalArgumentException e) {
      return "refused";
    }
  }
}
