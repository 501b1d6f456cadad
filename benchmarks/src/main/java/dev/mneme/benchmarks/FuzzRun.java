package dev.mneme.benchmarks;

import dev.mneme.store.fuzz.Finding;
import dev.mneme.store.fuzz.FuzzTargets;
import dev.mneme.store.fuzz.FuzzWatch;
import dev.mneme.store.fuzz.Fuzzer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Reads millions of damaged files of every format that Java code here parses; each must be accepted
 * or refused as the property test of the store's module has it, whose code this runs. One thread.
 * With {@code --from N --inputs 1} a single input runs again. Exits with 1 if there are findings.
 */
@Command(name = "fuzz", mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
public final class FuzzRun implements Callable<Integer> {

  /** Inputs between two lines of progress. */
  private static final long STEP = 100_000;

  /** More findings than anybody reads; the run ends there. */
  private static final int MOST_FINDINGS = 100;

  @Spec private CommandSpec spec;

  @Option(
      names = "--inputs",
      defaultValue = "10000000",
      description = "How many. Default: ${DEFAULT-VALUE}.")
  private long inputs;

  @Option(names = "--seed", defaultValue = "1", description = "Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--from",
      defaultValue = "0",
      description = "Number of the first input. Default: ${DEFAULT-VALUE}.")
  private long from;

  @Option(
      names = "--targets",
      split = ",",
      description = "Run only the inputs of these formats; numbers stay the same.")
  private List<String> chosen = new ArrayList<>();

  @Option(names = "--seconds", description = "End after so many.")
  private @Nullable Long seconds;

  @Option(
      names = "--limit",
      defaultValue = "2",
      description = "Seconds of processor time for one input. Default: ${DEFAULT-VALUE}.")
  private long limit;

  @Option(names = "--keep", description = "Folder for the inputs that showed a defect.")
  private @Nullable Path keep;

  /** Runs the inputs; {@code --help} lists the options. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new FuzzRun()).execute(args)); // a reader may still be running
  }

  @Override
  public Integer call() throws IOException {
    try (var targets = new FuzzTargets()) {
      List<String> names = targets.names();
      if (!names.containsAll(chosen)) {
        throw new ParameterException(spec.commandLine(), "--targets are among " + names);
      }
      var fuzzer = new Fuzzer(targets.list(), seed);
      return run(fuzzer, chosen.isEmpty() ? names : chosen) ? 0 : 1;
    }
  }

  private boolean run(Fuzzer fuzzer, List<String> names) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    var watch = new FuzzWatch(fuzzer, Duration.ofSeconds(limit));
    long start = System.nanoTime();
    Duration most = seconds == null ? Duration.ofDays(365) : Duration.ofSeconds(seconds);
    long end = start + most.toNanos();
    long next = from;
    int shown = 0;
    while (next < from + inputs
        && System.nanoTime() < end
        && watch.findings().size() < MOST_FINDINGS) {
      long to = Math.min(from + inputs, next + STEP);
      next = watch.run(next, to, names, Duration.ofNanos(end - System.nanoTime()));
      for (Finding finding : watch.findings().subList(shown, watch.findings().size())) {
        report(fuzzer, finding, out);
        shown++;
      }
      double elapsed = (System.nanoTime() - start) / 1e9;
      out.printf(
          Locale.ROOT,
          "up to #%,d: %.0f s, %,.0f numbers/s, %d findings%n",
          next,
          elapsed,
          (next - from) / elapsed,
          shown);
      out.flush();
    }
    out.printf(
        Locale.ROOT,
        "seed %d, #%d to before #%d, %.0f s, %d findings; more with --from %d%n",
        seed,
        from,
        next,
        (System.nanoTime() - start) / 1e9,
        shown,
        next);
    names.forEach(name -> out.println(name + ": " + watch.tally(name)));
    out.flush();
    return shown == 0;
  }

  private void report(Fuzzer fuzzer, Finding finding, PrintWriter out) throws IOException {
    out.printf("%s #%d: %s%n", finding.target(), finding.number(), finding.defect());
    if (keep != null) {
      Path file =
          Files.createDirectories(keep)
              .resolve("%s-%d-%d".formatted(finding.target(), seed, finding.number()));
      Files.write(file, fuzzer.input(finding.number()));
      out.println("  kept as " + file);
    }
  }
}
