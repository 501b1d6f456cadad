package dev.mneme.store.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.jspecify.annotations.Nullable;

/**
 * Files of every format, damaged: read or refused, and nothing else. The benchmarks' {@code
 * FuzzRun} reads millions of them, and with {@code --from NUMBER --inputs 1} a single one again.
 */
class DamagedFilesProperties {

  private static final long SEED = 4916;
  private static final int BLOCK = 900;

  /** Ample even where ten other programs want the processor: it is the reader's own time. */
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private static @Nullable FuzzTargets targets;

  @BeforeContainer
  static void makeTargets() throws IOException {
    targets = new FuzzTargets();
  }

  @AfterContainer
  static void deleteTheirFiles() throws IOException {
    made().close();
  }

  private static FuzzTargets made() {
    if (targets == null) {
      throw new IllegalStateException("made before any property");
    }
    return targets;
  }

  private static FuzzWatch watch() {
    return new FuzzWatch(new Fuzzer(made().list(), SEED), LIMIT);
  }

  /** Wherever a block of inputs begins; shrinking would only look at other inputs. */
  @Property(tries = 10, seed = "4916", shrinking = ShrinkingMode.OFF)
  void damagedFilesAreReadOrRefused(@ForAll @LongRange(min = 0, max = 1L << 40) long first) {
    FuzzWatch watch = watch();
    watch.run(first, first + BLOCK, made().names(), Duration.ofDays(1));
    assertThat(watch.findings()).isEmpty();
  }

  @Example
  void damageIsNeitherHarmlessNorAlwaysFatal() {
    FuzzWatch watch = watch();
    watch.run(0, 4_500, made().names(), Duration.ofDays(1));
    assertThat(made().names())
        .allSatisfy(
            name -> {
              Tally tally = watch.tally(name);
              assertThat(tally.accepted()).isPositive();
              assertThat(tally.refused()).isGreaterThan(tally.accepted());
            });
  }
}
