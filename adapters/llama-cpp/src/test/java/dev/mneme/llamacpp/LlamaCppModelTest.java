package dev.mneme.llamacpp;

import static dev.mneme.llamacpp.CloseRows.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mneme.FloatRows;
import dev.mneme.HostModel;
import dev.mneme.HostSession;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MemoryModule;
import dev.mneme.MnemeException;
import dev.mneme.Rows;
import dev.mneme.Score;
import dev.mneme.Tap;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.WeightType;
import dev.mneme.store.hf.GgufConverter;
import dev.mneme.store.testing.Architectures;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.ReferenceDecoder;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import dev.mneme.testing.HostModelContract;
import dev.mneme.testing.MemoryModuleContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Hosts and memories on llama.cpp, on small random models of every family. */
class LlamaCppModelTest {

  private static final int[] TOKENS = {1, 262, 270, 264, 280, 275, 90, 33, 270, 269, 281, 282};

  /** In the vocabulary of every family. */
  private static final int[] TOKENS_OF_ALL = {5, 100, 101, 257, 32, 258, 100, 7, 90};

  private static final LlamaCppOptions EXACT =
      LlamaCppOptions.defaults().withCacheType(CacheType.F32);

  @TempDir static Path shared;
  private static Path host;
  private static MemoryPack pack;

  @BeforeAll
  static void makeModels() {
    Path hostDirectory = TinyModel.write(TinyModel.directory(shared, "host"), Family.LLAMA, 1);
    host = shared.resolve("host.gguf");
    GgufConverter.convertHost(hostDirectory, host, WeightType.F32);
    Path memory = TinyModel.write(TinyModel.directory(shared, "memory"), Family.LLAMA, 2);
    pack = MemoryPack.importFrom(memory, "law", "law", shared.resolve("pack"));
  }

  @Nested
  class Host extends HostModelContract {
    @Override
    protected HostModel open() {
      return LlamaCppHost.open(host, EXACT);
    }

    @Override
    protected int[] someTokens() {
      return TOKENS;
    }

    @Override
    protected String sampleText() {
      return "the interest on a loan, näive 中文\n";
    }

    @Override
    protected double tolerance() {
      return 1e-4;
    }
  }

  @Nested
  class Memory extends MemoryModuleContract {
    @Override
    protected MemoryModule open() {
      return LlamaCppMemoryDecoder.open(pack, WeightType.F32, EXACT, shared.resolve("cache"));
    }

    @Override
    protected int[] someTokens() {
      return TOKENS;
    }

    @Override
    protected double tolerance() {
      return 1e-4;
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void logitsAgreeWithDoubleArithmeticOnTheSameWeights(Family family, @TempDir Path directory) {
    Architectures.assumeSupported(family);
    TinyModel.write(directory, family, 7);
    assertLogitsAgree(directory, tolerance(family));
  }

  @ParameterizedTest
  @EnumSource(GptNeoxVariant.class)
  void logitsAndActivationsAgreeForEveryVariantOfGptNeox(
      GptNeoxVariant variant, @TempDir Path directory) {
    TinyModel.write(directory, Family.GPT_NEOX, 7);
    variant.make(directory);
    assertLogitsAgree(directory, tolerance(Family.GPT_NEOX));
    assertActivationsAgree(directory, tolerance(Family.GPT_NEOX));
  }

  /** Networks that the family's configuration chooses between. */
  private enum GptNeoxVariant {
    SEQUENTIAL {
      @Override
      void make(Path directory) {
        ModelEdit.json(directory, "config.json", c -> c.put("use_parallel_residual", false));
      }
    },
    WHOLE_HEADS_ROTATED {
      @Override
      void make(Path directory) {
        ModelEdit.json(directory, "config.json", c -> c.put("rotary_pct", 1.0));
      }
    },
    ANOTHER_ROTARY_BASE {
      @Override
      void make(Path directory) {
        ModelEdit.json(directory, "config.json", c -> c.put("rotary_emb_base", 50));
      }
    },
    WITHOUT_ATTENTION_BIASES {
      @Override
      void make(Path directory) {
        ModelEdit.json(directory, "config.json", c -> c.put("attention_bias", false));
        ModelEdit.tensors(
            directory,
            tensors -> tensors.keySet().removeIf(n -> n.matches(".*\\.attention\\..*\\.bias")));
      }
    },
    TIED {
      @Override
      void make(Path directory) {
        ModelEdit.json(directory, "config.json", c -> c.put("tie_word_embeddings", true));
        ModelEdit.tensors(directory, tensors -> tensors.remove("embed_out.weight"));
      }
    };

    abstract void make(Path directory);
  }

  /** As the larger published ones have it: positions are stretched in blocks without window. */
  @Test
  void logitsAgreeForAGemma3OfStretchedPositions(@TempDir Path directory) {
    TinyModel.write(directory, Family.GEMMA3, 7);
    ModelEdit.json(
        directory,
        "config.json",
        c -> c.putObject("rope_scaling").put("rope_type", "linear").put("factor", 8.0));
    assertLogitsAgree(directory, tolerance(Family.GEMMA3));
    assertActivationsAgree(directory, tolerance(Family.GEMMA3));
  }

  @Test
  void aFamilyThatThisLlamaCppIsTooOldForIsRefusedByName(@TempDir Path directory) {
    assumeFalse(Architectures.supported(Family.QWEN3));
    TinyModel.write(directory, Family.QWEN3, 7);
    Path gguf = directory.resolve("host.gguf");
    GgufConverter.convertHost(directory, gguf, WeightType.F32);
    assertThatThrownBy(() -> LlamaCppHost.open(gguf))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("host.gguf", "b4916", "unknown model architecture: 'qwen3'");
  }

  /** llama.cpp looks its GELU up in a half-precision table. */
  private static double tolerance(Family family) {
    return switch (family) {
      case GPT2, GPT_NEOX, GEMMA3 -> 2e-2;
      case LLAMA, MISTRAL, QWEN2, QWEN3 -> 1e-3;
    };
  }

  private static void assertLogitsAgree(Path directory, double tolerance) {
    Path gguf = directory.resolve("host.gguf");
    GgufConverter.convertHost(directory, gguf, WeightType.F32);
    int[] tokens = TOKENS_OF_ALL;
    try (var reference = new ReferenceDecoder(directory);
        LlamaCppHost model = LlamaCppHost.open(gguf, EXACT);
        HostSession session = model.openSession(1)) {
      double[][] expected = reference.logits(tokens);
      FloatRows actual = session.forward(tokens, Rows.ALL);
      for (int t = 0; t < tokens.length; t++) {
        for (int id = 0; id < model.logitWidth(); id++) {
          assertThat((double) actual.get(t, id))
              .as("token %d id %d", t, id)
              .isCloseTo(expected[t][id], within(tolerance));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void activationsAgreeWithDoubleArithmeticAtEveryTap(Family family, @TempDir Path directory) {
    Architectures.assumeSupported(family);
    TinyModel.write(directory, family, 7);
    assertActivationsAgree(directory, tolerance(family));
  }

  private static void assertActivationsAgree(Path directory, double tolerance) {
    Path gguf = directory.resolve("host.gguf");
    GgufConverter.convertHost(directory, gguf, WeightType.F32);
    int[] tokens = TOKENS_OF_ALL;
    try (var reference = new ReferenceDecoder(directory);
        LlamaCppHost model = LlamaCppHost.open(gguf, EXACT)) {
      var taps = new HashSet<Tap>();
      for (int block = 0; block < model.identity().orElseThrow().blocks(); block++) {
        for (Tap.Point point : Tap.Point.values()) {
          taps.add(new Tap(block, point));
        }
      }
      reference.logits(tokens);
      try (HostSession session = model.openSession(1, taps)) {
        session.forward(tokens, Rows.ALL);
        for (Tap tap : taps) {
          double[][] expected = reference.activations(tap);
          FloatRows actual = session.activations(tap);
          assertThat(actual.count()).isEqualTo(tokens.length);
          for (int t = 0; t < tokens.length; t++) {
            for (int i = 0; i < actual.width(); i++) {
              assertThat((double) actual.get(t, i))
                  .as("%s, token %d, float %d", tap, t, i)
                  .isCloseTo(expected[t][i], within(tolerance));
            }
          }
        }
      }
    }
  }

  @Test
  void activationsOfManyMicroBatchesAreThoseOfSmallBatches(@TempDir Path directory) {
    TinyModel.write(directory, Family.LLAMA, 7);
    ModelEdit.json(directory, "config.json", json -> json.put("max_position_embeddings", 1100));
    Path gguf = directory.resolve("host.gguf");
    GgufConverter.convertHost(directory, gguf, WeightType.F32);
    int[] tokens = new Random(3).ints(1050, 5, 280).toArray();
    int few = 75;
    Set<Tap> taps = Set.of(Tap.lastFeedForwardInput(), new Tap(0, Tap.Point.BLOCK_OUTPUT));
    try (LlamaCppHost model = LlamaCppHost.open(gguf, EXACT.withBatchSize(1100));
        HostSession whole = model.openSession(1, taps);
        HostSession parts = model.openSession(1, taps)) {
      whole.forward(tokens, Rows.ALL);
      for (int from = 0; from < tokens.length; from += few) {
        parts.forward(Arrays.copyOfRange(tokens, from, from + few), Rows.ALL);
        for (Tap tap : taps) {
          FloatRows expected = parts.activations(tap);
          FloatRows actual = whole.activations(tap);
          assertThat(actual.count()).isEqualTo(tokens.length);
          for (int i = 0; i < few * expected.width(); i++) {
            int column = i % expected.width();
            assertThat((double) actual.get(from + i / expected.width(), column))
                .as("%s, token %d", tap, from + i / expected.width())
                .isCloseTo(expected.get(i / expected.width(), column), within(1e-3));
          }
        }
      }
      whole.truncate(0);
      whole.forward(tokens, Rows.LAST);
      for (Tap tap : taps) {
        assertThat(whole.activations(tap).count()).isOne();
        assertThat((double) whole.activations(tap).get(0, 0))
            .isCloseTo(parts.activations(tap).get(few - 1, 0), within(1e-3));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void aConvertedHostSpeaksTheVocabularyOfItsDirectory(Family family, @TempDir Path directory) {
    Architectures.assumeSupported(family);
    TinyModel.write(directory, family, 7);
    Path gguf = directory.resolve("host.gguf");
    GgufConverter.convertHost(directory, gguf, WeightType.F16);
    try (LlamaCppHost model = LlamaCppHost.open(gguf)) {
      MemoryPack same = MemoryPack.open(directory);
      assertThat(model.vocabulary().differencesFrom(same.vocabulary())).isEmpty();
      String text = "then the kin, 😀 \t x";
      assertThat(model.tokenizer().decode(model.tokenizer().encode(text))).isEqualTo(text);
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void aMemoryGivesTheLogitsOfAHostMadeOfTheSameDirectory(Family family, @TempDir Path directory) {
    Architectures.assumeSupported(family);
    TinyModel.write(directory, family, 7);
    Path gguf = directory.resolve("host.gguf");
    GgufConverter.convertHost(directory, gguf, WeightType.F32);
    try (LlamaCppHost model = LlamaCppHost.open(gguf, EXACT);
        HostSession session = model.openSession(1);
        MemoryModule memory =
            LlamaCppMemoryDecoder.open(
                MemoryPack.open(directory), WeightType.F32, EXACT, shared.resolve("cache"));
        var recalling = memory.openSession(1)) {
      FloatRows expected = session.forward(TOKENS_OF_ALL, Rows.ALL);
      FloatRows actual = recalling.recall(TOKENS_OF_ALL, Rows.ALL);
      for (int t = 0; t < TOKENS_OF_ALL.length; t++) {
        for (int id = 0; id < model.logitWidth(); id++) {
          assertThat(actual.get(t, id)).as("token %d id %d", t, id).isEqualTo(expected.get(t, id));
        }
      }
    }
  }

  @Test
  void hostAndMemoryAtOnceGiveWhatTheyGiveAlone() {
    int[] ids = Arrays.copyOf(TOKENS, 90);
    for (int i = TOKENS.length; i < ids.length; i++) {
      ids[i] = 3 + (i * 37) % 280;
    }
    try (MemoryAugmentedModel model = MemoryAugmentedModel.over(LlamaCppHost.open(host, EXACT))) {
      Score alone = model.score(ids);
      model.attach(
          LlamaCppMemoryDecoder.open(pack, WeightType.F32, EXACT, shared.resolve("cache")),
          LambdaPolicy.fixed(0.5));
      for (int round = 0; round < 30; round++) {
        Score both = model.score(ids);
        for (int i = 0; i < alone.tokens().size(); i++) {
          assertThat(both.tokens().get(i).host())
              .as("round %d, token %d", round, i)
              .isEqualTo(alone.tokens().get(i).host());
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = WeightType.class,
      names = {"F32", "F16", "Q8_0"})
  void smallerWeightsStayCloseToTheExactOnes(WeightType type) {
    try (MemoryModule exact =
            LlamaCppMemoryDecoder.open(pack, WeightType.F32, EXACT, shared.resolve("cache"));
        MemoryModule smaller =
            LlamaCppMemoryDecoder.open(pack, type, EXACT, shared.resolve("cache"));
        var one = exact.openSession(1);
        var two = smaller.openSession(1)) {
      FloatRows expected = one.recall(TOKENS, Rows.LAST);
      FloatRows actual = two.recall(TOKENS, Rows.LAST);
      for (int id = 0; id < exact.logitWidth(); id++) {
        assertThat((double) actual.get(0, id)).isCloseTo(expected.get(0, id), within(0.35));
      }
    }
  }

  @Test
  void layersOnAGpuGiveTheLogitsAndActivationsOfTheProcessor() {
    assumeTrue(LlamaCppLibrary.inspect(null).hasGpu(), "no GPU here");
    var tap = Tap.lastFeedForwardInput();
    for (int layers : new int[] {1, LlamaCppOptions.ALL_LAYERS}) {
      try (LlamaCppHost processor = LlamaCppHost.open(host, EXACT);
          LlamaCppHost gpu = LlamaCppHost.open(host, EXACT.withGpuLayers(layers));
          HostSession one = processor.openSession(1, Set.of(tap));
          HostSession two = gpu.openSession(1, Set.of(tap))) {
        assertClose(two.forward(TOKENS, Rows.ALL), one.forward(TOKENS, Rows.ALL), 0.05);
        assertClose(two.activations(tap), one.activations(tap), 0.05);
      }
    }
  }

  @Test
  void theHostFileStaysAsItWas() throws IOException {
    byte[] before = Files.readAllBytes(host);
    try (LlamaCppHost model = LlamaCppHost.open(host);
        HostSession session = model.openSession(1)) {
      session.forward(TOKENS, Rows.LAST);
    }
    assertThat(Files.readAllBytes(host)).isEqualTo(before);
  }

  @Test
  void sessionsGiveTheirMemoryBack() throws IOException {
    try (LlamaCppHost model = LlamaCppHost.open(host, EXACT)) {
      openAndClose(model, 20);
      long before = residentKilobytes();
      openAndClose(model, 300);
      assertThat(residentKilobytes() - before).isLessThan(40_000); // 300 leaked sessions take 3 GB
    }
  }

  private static void openAndClose(LlamaCppHost model, int times) {
    for (int i = 0; i < times; i++) {
      try (HostSession session = model.openSession(1)) {
        session.forward(TOKENS, Rows.LAST);
      }
    }
  }

  private static long residentKilobytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
