package dev.mneme.benchmarks.schema;

import dev.mneme.benchmarks.schema.Change.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Opens thousands of GGUF files that keep the format and break what the library expects of their
 * content, in JVMs of their own, and counts how many were refused, worked, or ended the JVM.
 *
 * <p>Arguments: a folder for the files that ended a JVM (if absent, a temporary one), {@code
 * --files N}, {@code --from N}, {@code --seed N}. Exits with 1 if a JVM ended or hung, or an
 * exception was none of Mneme's own.
 */
public final class GgufSchemaFuzz {

  private static final String CHILD = "--child";

  /** What came of the files of a kind. */
  private static final class Count {
    private int refused;
    private int opened;
    private int failed;
  }

  private final Path folder;
  private final long seed;
  private final Specimens specimens;
  private final Map<Kind, Count> counts = new EnumMap<>(Kind.class);
  private final List<String> failures = new ArrayList<>();

  GgufSchemaFuzz(Path folder, long seed) {
    this.folder = folder;
    this.seed = seed;
    this.specimens = new Specimens(seed);
  }

  /** Runs the fuzzer, or a child's share of it. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    List<String> words = List.of(arguments);
    if (words.contains(CHILD)) {
      var specimens = new Specimens(number(words, "--seed", 1));
      FileTrials.child(Path.of(words.getFirst()), words, i -> specimens.get(i).bytes());
      return;
    }
    boolean named = !words.isEmpty() && !words.getFirst().startsWith("--");
    Path folder =
        named
            ? Files.createDirectories(Path.of(words.getFirst()))
            : Files.createTempDirectory("gguf-schema");
    var fuzz = new GgufSchemaFuzz(folder, number(words, "--seed", 1));
    fuzz.requireSoundBases();
    int from = number(words, "--from", 0);
    List<String> failures = fuzz.run(from, from + number(words, "--files", 20_000));
    System.exit(failures.isEmpty() ? 0 : 1);
  }

  private static int number(List<String> words, String name, int otherwise) {
    int at = words.indexOf(name);
    return at < 0 ? otherwise : Integer.parseInt(words.get(at + 1));
  }

  /**
   * Opens the unchanged base files.
   *
   * @throws IllegalStateException if one does not work
   */
  void requireSoundBases() throws IOException {
    for (BaseModel model : BaseModel.values()) {
      Path file = folder.resolve(model + ".gguf");
      Files.write(file, model.draft().toBytes());
      String outcome = FileTrial.run(file);
      if (!outcome.equals(FileTrial.OPENED)) {
        throw new IllegalStateException(file + " does not work even unchanged: " + outcome);
      }
      Files.delete(file);
    }
  }

  /**
   * Tries the files from one number, inclusive, to another, exclusive, and prints what came of
   * them.
   *
   * @return one line for each file that ended or hung its JVM or threw a foreign exception
   */
  List<String> run(int from, int to) throws IOException, InterruptedException {
    long start = System.nanoTime();
    int before = failures.size();
    new FileTrials(
            folder,
            GgufSchemaFuzz.class,
            List.of(folder.toString(), "--seed", Long.toString(seed), CHILD))
        .run(from, to, this::add);
    print(from, to, (System.nanoTime() - start) / 1e9);
    return List.copyOf(failures.subList(before, failures.size()));
  }

  private void add(int index, String outcome) throws IOException {
    Specimens.Specimen specimen = specimens.get(index);
    Count count = counts.computeIfAbsent(specimen.kind(), kind -> new Count());
    switch (outcome) {
      case FileTrial.REFUSED -> count.refused++;
      case FileTrial.OPENED -> count.opened++;
      default -> {
        count.failed++;
        Path kept = folder.resolve("failed-" + seed + "-" + index + ".gguf");
        Files.write(kept, specimen.bytes());
        String failure = "%d: %s: %s".formatted(index, specimen.what(), outcome);
        failures.add(failure);
        System.out.println(failure);
      }
    }
  }

  private void print(int from, int to, double seconds) {
    String line = "%-48s %7d refused %7d opened %5d failed%n";
    var all = new Count();
    counts.forEach(
        (kind, count) -> {
          System.out.printf(line, kind.words(), count.refused, count.opened, count.failed);
          all.refused += count.refused;
          all.opened += count.opened;
          all.failed += count.failed;
        });
    System.out.printf(line, "all", all.refused, all.opened, all.failed);
    System.out.printf(
        Locale.ROOT,
        "files %d to %d, seed %d, of which %d of the %d single changes to the main base files; %.0f"
            + " s%n",
        from,
        to - 1,
        seed,
        Math.max(0, Math.min(specimens.singles(), to) - from),
        specimens.singles(),
        seconds);
  }
}
