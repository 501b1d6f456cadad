package dev.mneme.llamacpp;

import static dev.mneme.llamacpp.CloseRows.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mneme.HostSession;
import dev.mneme.MemoryModule;
import dev.mneme.Rows;
import dev.mneme.Tap;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.WeightType;
import dev.mneme.store.hf.GgufConverter;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The bundled library and one that the user brings, in one process on the same models. Runs where
 * the system property mneme.llama.library names another.
 */
class TwoLibrariesTest {

  private static final int[] TOKENS = {5, 100, 101, 257, 32, 258, 100, 7, 90};

  private static final LlamaCppOptions BUNDLED =
      LlamaCppOptions.defaults().withCacheType(CacheType.F32).withLibrary(LlamaCppOptions.BUNDLED);

  private static final LlamaCppOptions NAMED = BUNDLED.withLibrary(null);

  @TempDir Path directory;

  @BeforeEach
  void requireAnotherLibrary() {
    assumeTrue(
        !System.getProperty("mneme.llama.library", "").isBlank(),
        "no other library is named by mneme.llama.library");
  }

  private Path host(Family family) {
    TinyModel.write(directory, family, 7);
    Path file = directory.resolve("host.gguf");
    GgufConverter.convertHost(directory, file, WeightType.F32);
    return file;
  }

  @Test
  void bothAreLoadedAndTellWhatTheyAre() {
    LlamaCppLibrary bundled = LlamaCppLibrary.inspect(LlamaCppOptions.BUNDLED);
    LlamaCppLibrary named = LlamaCppLibrary.inspect(null);
    assertThat(bundled.release()).startsWith("b4916");
    assertThat(named.origin()).isEqualTo(System.getProperty("mneme.llama.library"));
    assertThat(bundled.devices()).isNotEmpty();
    assertThat(named.devices()).isNotEmpty();
    assertThat(named.features()).containsEntry("LLAMAFILE", "1");
  }

  @Test
  void logitsAndActivationsAgreeInEveryFamilyBothKnow() {
    var tap = Tap.lastFeedForwardInput();
    for (Family family : Set.of(Family.LLAMA, Family.QWEN2, Family.GPT_NEOX)) {
      Path file = host(family);
      double tolerance = family == Family.GPT_NEOX ? 1e-2 : 1e-3; // GELU by a table of F16
      try (LlamaCppHost one = LlamaCppHost.open(file, BUNDLED);
          LlamaCppHost two = LlamaCppHost.open(file, NAMED);
          HostSession first = one.openSession(1, Set.of(tap));
          HostSession second = two.openSession(1, Set.of(tap))) {
        assertClose(first.forward(TOKENS, Rows.ALL), second.forward(TOKENS, Rows.ALL), tolerance);
        assertClose(first.activations(tap), second.activations(tap), tolerance);
        first.truncate(3);
        second.truncate(3);
        int[] next = {42, 17};
        assertClose(first.forward(next, Rows.ALL), second.forward(next, Rows.ALL), tolerance);
      }
    }
  }

  @Test
  void aMemoryOfOneServesAHostOfTheOther() {
    Path file = host(Family.LLAMA);
    MemoryPack pack = MemoryPack.open(directory);
    Path cache = directory.resolve("cache");
    try (LlamaCppHost host = LlamaCppHost.open(file, NAMED);
        MemoryModule memory = LlamaCppMemoryDecoder.open(pack, WeightType.F32, BUNDLED, cache);
        HostSession session = host.openSession(1);
        var recalling = memory.openSession(1)) {
      for (int token : TOKENS) {
        int[] one = {token};
        assertClose(
            session.forward(one, Rows.LAST),
            recalling.recall(one, Rows.LAST),
            /* tolerance= */ 1e-3);
      }
    }
  }
}
