package dev.mneme.benchmarks;

import dev.mneme.benchmarks.schema.FileTrial;
import dev.mneme.benchmarks.schema.FileTrials;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.gguf.GgufTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Opens thousands of damaged GGUF files in JVMs of their own and counts how many were refused,
 * worked, or ended the JVM. A file that opens is called with four tokens and encodes a text.
 *
 * <p>Arguments: a folder for the files that ended a JVM (if absent, a temporary one), {@code
 * --files N}, {@code --seed N}. Exits with 1 if a JVM ended or hung.
 */
public final class GgufFlips {

  private static final String CHILD = "--child";

  private final Path folder;
  private final long seed;
  private final List<String> crashes = new ArrayList<>();
  private int refused;
  private int opened;

  private GgufFlips(Path folder, long seed) {
    this.folder = folder;
    this.seed = seed;
  }

  public static void main(String[] arguments) throws Exception {
    List<String> words = List.of(arguments);
    long seed = number(words, "--seed", 1);
    if (words.contains(CHILD)) {
      Path folder = Path.of(words.getFirst());
      FileTrials.child(folder, words, index -> damaged(folder, index, seed));
      return;
    }
    boolean named = !words.isEmpty() && !words.getFirst().startsWith("--");
    Path folder =
        named
            ? Files.createDirectories(Path.of(words.getFirst()))
            : Files.createTempDirectory("gguf-flips");
    var flips = new GgufFlips(folder, seed);
    flips.run((int) number(words, "--files", 3000));
    System.exit(flips.crashes.isEmpty() ? 0 : 1);
  }

  private static long number(List<String> words, String name, long otherwise) {
    int at = words.indexOf(name);
    return at < 0 ? otherwise : Long.parseLong(words.get(at + 1));
  }

  private void run(int files) throws Exception {
    for (SmallModel model : SmallModel.values()) {
      Path whole = folder.resolve(model + ".gguf");
      model.write(whole);
      if (!FileTrial.run(whole).equals(FileTrial.OPENED)) {
        throw new IllegalStateException(whole + " does not open even undamaged");
      }
    }
    long start = System.nanoTime();
    new FileTrials(
            folder,
            GgufFlips.class,
            List.of(folder.toString(), "--seed", Long.toString(seed), CHILD))
        .run(0, files, this::add);
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

  private void add(int index, String outcome) throws IOException {
    switch (outcome) {
      case FileTrial.REFUSED -> refused++;
      case FileTrial.OPENED -> opened++;
      default -> {
        Path kept = folder.resolve("ended-" + seed + "-" + index + ".gguf");
        Files.write(kept, damaged(folder, index, seed));
        crashes.add("%s: %s".formatted(kept, outcome));
      }
    }
  }

  private static byte[] damaged(Path folder, int index, long seed) {
    SmallModel[] models = SmallModel.values();
    Path original = folder.resolve(models[index % models.length] + ".gguf");
    long front =
        GgufFile.read(original).tensors().values().stream()
            .mapToLong(GgufTensor::offset)
            .min()
            .orElseThrow();
    try {
      return Damage.of(Files.readAllBytes(original), (int) front, seed * 1_000_003 + index);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
