package dev.mneme.benchmarks.schema;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The beginning of what {@link GgufSchemaFuzz} runs by hand with thousands of files. */
class GgufSchemaFuzzTest {

  private static final long SEED = 20;

  /** Far behind the single changes, where changes come in pairs. */
  private static final int PAIRS = 1_000_000;

  @TempDir private Path folder;

  @Test
  void noFileEndsTheJvmAndNoneIsRefusedInOtherWords() throws IOException, InterruptedException {
    var fuzz = new GgufSchemaFuzz(folder, SEED);
    fuzz.requireSoundBases();
    assertThat(fuzz.run(0, 150)).isEmpty();
    assertThat(fuzz.run(PAIRS, PAIRS + 150)).isEmpty();
  }

  @Test
  void equalSeedsMakeEqualFiles() {
    assertThat(new Specimens(SEED).get(PAIRS).bytes())
        .isEqualTo(new Specimens(SEED).get(PAIRS).bytes());
    assertThat(new Specimens(SEED).get(7).what()).isEqualTo(new Specimens(SEED).get(7).what());
  }
}
