package dev.mneme.llamacpp;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mneme.FloatRows;
import dev.mneme.ForeignHostPolicy;
import dev.mneme.HostSession;
import dev.mneme.IncompatibleMemoryException;
import dev.mneme.LambdaPolicy;
import dev.mneme.MalformedFileException;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MemoryModule;
import dev.mneme.MemorySession;
import dev.mneme.ModelOptions;
import dev.mneme.Rows;
import dev.mneme.Score;
import dev.mneme.Tap;
import dev.mneme.TappedHost;
import dev.mneme.llamacpp.internal.MlpWeights;
import dev.mneme.store.DerivedGguf;
import dev.mneme.store.HostNorms;
import dev.mneme.store.MemoryLoader;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackLabel;
import dev.mneme.store.WeightType;
import dev.mneme.store.hf.GgufConverter;
import dev.mneme.store.hf.MlpModel;
import dev.mneme.store.hf.MlpShape;
import dev.mneme.store.hf.MlpShape.Style;
import dev.mneme.store.safetensors.SafeTensorsWriter.Entry;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.ReferenceMlp;
import dev.mneme.store.testing.TinyMlp;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import dev.mneme.testing.MemoryModuleContract;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** MLP Memories on ggml, on small random models. */
class LlamaCppMlpMemoryTest {

  private static final int[] TOKENS = {1, 262, 270, 264, 280, 275, 90, 33, 270, 269, 281, 282};
  private static final LlamaCppOptions EXACT =
      LlamaCppOptions.defaults().withCacheType(CacheType.F32);

  @TempDir static Path shared;
  private static Path hostDirectory;
  private static Path host;
  private static Path otherHost;

  @BeforeAll
  static void makeHosts() {
    hostDirectory = TinyModel.write(TinyModel.directory(shared, "host"), Family.LLAMA, 1);
    host = shared.resolve("host.gguf");
    GgufConverter.convertHost(hostDirectory, host, WeightType.F32);
    Path other = TinyModel.write(TinyModel.directory(shared, "other"), Family.LLAMA, 2);
    otherHost = shared.resolve("other.gguf");
    GgufConverter.convertHost(other, otherHost, WeightType.F32);
  }

  private static MemoryPack pack(Path folder, Style style, int hidden, Tap tap) {
    Path memory =
        TinyMlp.write(TinyModel.directory(folder, "mlp"), style, hostDirectory, hidden, 3);
    var reads = new TappedHost(HostNorms.ofHuggingFace(hostDirectory), tap);
    return MemoryPack.importFrom(
        memory, PackLabel.of("law-mlp", "law"), reads, folder.resolve("pack"));
  }

  private static ReferenceMlp reference(MemoryPack pack) {
    try (MlpModel model = MlpModel.open(pack.directory())) {
      return new ReferenceMlp(model.shape(), model::read);
    }
  }

  private static LlamaCppMlpMemory open(MemoryPack pack, WeightType type) {
    return LlamaCppMlpMemory.open(pack, type, LlamaCppOptions.defaults(), shared.resolve("cache"));
  }

  abstract static class Contract extends MemoryModuleContract {

    @TempDir Path folder;

    abstract Style style();

    @Override
    protected MemoryModule open() {
      MemoryPack pack = pack(folder, style(), 40, Tap.lastFeedForwardInput());
      return LlamaCppMlpMemoryTest.open(pack, WeightType.F32);
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

  @Nested
  class InTheStyleOfMistral extends Contract {
    @Override
    Style style() {
      return Style.MISTRAL;
    }
  }

  @Nested
  class InTheStyleOfGpt2 extends Contract {
    @Override
    Style style() {
      return Style.GPT2;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "MISTRAL, 32, F32, 1e-5",
    "MISTRAL, 64, F32, 1e-5",
    "GPT2, 32, F32, 1e-5",
    "GPT2, 64, F32, 1e-5",
    "MISTRAL, 64, F16, 2e-3",
    "GPT2, 64, F16, 2e-3",
    "MISTRAL, 64, Q8_0, 0.06",
    "GPT2, 64, Q8_0, 0.06",
    "MISTRAL, 64, Q4_0, 0.7",
    "GPT2, 64, Q4_0, 0.7",
    "MISTRAL, 64, Q4_1, 0.7",
    "GPT2, 64, Q4_1, 0.7",
    "MISTRAL, 256, Q4_K, 0.5",
    "GPT2, 256, Q4_K, 0.5"
  })
  void logitsAgreeWithDoubleArithmeticOnTheSameWeights(
      Style style, int hidden, WeightType type, double tolerance, @TempDir Path folder) {
    MemoryPack pack = pack(folder, style, hidden, Tap.lastFeedForwardInput());
    ReferenceMlp reference = reference(pack);
    int width = TinyModel.HIDDEN;
    int rows = 9;
    float[] activations = new float[rows * width];
    var random = new Random(5);
    for (int i = 0; i < activations.length; i++) {
      activations[i] = (float) random.nextGaussian();
    }
    try (LlamaCppMlpMemory memory = open(pack, type);
        MemorySession session = memory.openSession(2)) {
      float[] all =
          session
              .recall(new int[rows], FloatRows.of(activations, width), Rows.ALL)
              .segment()
              .toArray(ValueLayout.JAVA_FLOAT);
      for (int row = 0; row < rows; row++) {
        float[] one = Arrays.copyOfRange(activations, row * width, (row + 1) * width);
        double[] expected = reference.logits(one);
        int length = expected.length;
        float[] single =
            session
                .recall(new int[] {1}, FloatRows.of(one, width), Rows.LAST)
                .segment()
                .toArray(ValueLayout.JAVA_FLOAT);
        assertThat(
                relativeError(Arrays.copyOfRange(all, row * length, (row + 1) * length), expected))
            .as("row %d of many", row)
            .isLessThan(tolerance);
        assertThat(relativeError(single, expected)).as("row %d alone", row).isLessThan(tolerance);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"MISTRAL, 300, layers, num_hidden_layers", "GPT2, 150, h, n_layer"})
  void aMemoryOfManyBlocksIsComputedToItsEnd(
      Style style, int blocks, String prefix, String field, @TempDir Path folder) {
    Path memory = TinyMlp.write(TinyModel.directory(folder, "deep"), style, hostDirectory, 3);
    ModelEdit.json(memory, "config.json", json -> json.put(field, blocks));
    ModelEdit.tensors(
        memory,
        entries -> {
          for (var entry : List.copyOf(entries.values())) {
            for (int block = 2;
                entry.name().startsWith(prefix + ".1.") && block < blocks;
                block++) {
              String name = entry.name().replace(prefix + ".1.", prefix + "." + block + ".");
              entries.put(name, new Entry(name, entry.dtype(), entry.shape(), entry.data()));
            }
          }
        });
    var reads = new TappedHost(HostNorms.ofHuggingFace(hostDirectory), Tap.lastFeedForwardInput());
    MemoryPack pack =
        MemoryPack.importFrom(memory, PackLabel.of("deep", "law"), reads, folder.resolve("pack"));
    float[] activation = new float[TinyModel.HIDDEN];
    Arrays.fill(activation, 0.5f);
    try (LlamaCppMlpMemory deep = open(pack, WeightType.F32);
        MemorySession session = deep.openSession(1)) {
      float[] actual =
          session
              .recall(new int[] {1}, FloatRows.of(activation, activation.length), Rows.LAST)
              .segment()
              .toArray(ValueLayout.JAVA_FLOAT);
      assertThat(relativeError(actual, reference(pack).logits(activation))).isLessThan(1e-3);
    }
  }

  /** Root mean square of the differences, as a part of that of the logits. */
  private static double relativeError(float[] actual, double[] expected) {
    assertThat(actual).hasSize(expected.length);
    double error = 0;
    double size = 0;
    for (int i = 0; i < actual.length; i++) {
      error += (actual[i] - expected[i]) * (actual[i] - expected[i]);
      size += expected[i] * expected[i];
    }
    return Math.sqrt(error / size);
  }

  @ParameterizedTest
  @CsvSource({"-1, ffn_norm", "0, ffn_norm", "0, l_out", "-1, l_out"})
  void readsTheActivationItsPackNames(int block, String point, @TempDir Path folder) {
    var tap = new Tap(block, Tap.Point.ofLabel(point).orElseThrow());
    MemoryPack pack = pack(folder, Style.MISTRAL, 32, tap);
    ReferenceMlp reference = reference(pack);
    try (MemoryAugmentedModel model = MemoryAugmentedModel.over(LlamaCppHost.open(host, EXACT));
        HostSession session = model.host().openSession(1, Set.of(tap))) {
      model.attach(open(pack, WeightType.F32), LambdaPolicy.fixed(0.5));
      Score score = model.score(TOKENS);
      session.forward(TOKENS, Rows.ALL);
      FloatRows activations = session.activations(tap);
      for (int i = 0; i < score.tokens().size(); i++) {
        double[] logits = reference.logits(activations.row(i).toArray(ValueLayout.JAVA_FLOAT));
        double sum = 0;
        for (double logit : logits) {
          sum += Math.exp(logit);
        }
        assertThat(score.tokens().get(i).memories().values().iterator().next())
            .as("position %d", i)
            .isCloseTo(logits[TOKENS[i + 1]] - Math.log(sum), within(1e-3));
      }
    }
  }

  @Test
  void aMemoryOfAnotherHostIsRefusedUnlessForced(@TempDir Path folder) {
    MemoryPack pack = pack(folder, Style.MISTRAL, 32, Tap.lastFeedForwardInput());
    try (MemoryModule memory = open(pack, WeightType.F32);
        MemoryAugmentedModel model = MemoryAugmentedModel.over(LlamaCppHost.open(otherHost))) {
      assertThatThrownBy(() -> model.attach(memory, LambdaPolicy.fixed(0.5)))
          .isInstanceOf(IncompatibleMemoryException.class)
          .hasMessageContainingAll("another host", "other weights");
    }
    ModelOptions forced = ModelOptions.defaults().withOnForeignHost(ForeignHostPolicy.ACCEPT);
    try (MemoryAugmentedModel model =
        MemoryAugmentedModel.over(LlamaCppHost.open(otherHost), forced)) {
      model.attach(open(pack, WeightType.F32), LambdaPolicy.fixed(0.5));
      assertThat(model.score(TOKENS).tokens()).hasSize(TOKENS.length - 1);
    }
  }

  @ParameterizedTest
  @CsvSource({"F16", "Q8_0"})
  void aQuantisedHostUnderAnotherNameIsTheSameHost(WeightType type, @TempDir Path folder) {
    MemoryPack pack = pack(folder, Style.MISTRAL, 32, Tap.lastFeedForwardInput());
    Path quantised = folder.resolve("renamed-%s.gguf".formatted(type));
    GgufConverter.convertHost(hostDirectory, quantised, type);
    try (MemoryAugmentedModel model = MemoryAugmentedModel.over(LlamaCppHost.open(quantised))) {
      model.attach(open(pack, WeightType.F32), LambdaPolicy.fixed(0.5));
      assertThat(model.memories()).hasSize(1);
    }
  }

  @Test
  void aDecoderAndAnMlpMemoryWorkTogether(@TempDir Path folder) {
    Path decoder = TinyModel.write(TinyModel.directory(folder, "decoder"), Family.LLAMA, 8);
    MemoryPack tokens = MemoryPack.importFrom(decoder, "law", "law", folder.resolve("law"));
    MemoryPack mlp = pack(folder, Style.GPT2, 32, Tap.lastFeedForwardInput());
    try (MemoryAugmentedModel model = MemoryAugmentedModel.over(LlamaCppHost.open(host, EXACT))) {
      for (MemoryPack pack : new MemoryPack[] {tokens, mlp}) {
        model.attach(MemoryLoader.open(pack.directory(), model.host()), LambdaPolicy.fixed(0.3));
      }
      model
          .score(TOKENS)
          .tokens()
          .forEach(
              token ->
                  assertThat(Math.exp(token.mixture()))
                      .isCloseTo(
                          0.4 * Math.exp(token.host())
                              + 0.3 * Math.exp(requireNonNull(token.memories().get(tokens.name())))
                              + 0.3 * Math.exp(requireNonNull(token.memories().get(mlp.name()))),
                          within(1e-5)));
    }
  }

  @Test
  void aDerivedFileWithATensorOfAnotherShapeIsRefused(@TempDir Path folder) {
    MemoryPack pack = pack(folder, Style.MISTRAL, 32, Tap.lastFeedForwardInput());
    MemoryPack other =
        MemoryPack.importFrom(
            TinyMlp.write(TinyModel.directory(folder, "wide"), Style.MISTRAL, hostDirectory, 64, 3),
            PackLabel.of("wide", "law"),
            new TappedHost(HostNorms.ofHuggingFace(hostDirectory), Tap.lastFeedForwardInput()),
            folder.resolve("wide-pack"));
    Path derived = DerivedGguf.of(other, WeightType.F32, folder.resolve("cache"));
    var shape = (MlpShape) pack.network();
    assertThatThrownBy(() -> new MlpWeights(derived, shape, LlamaCppOptions.defaults()))
        .isInstanceOf(MalformedFileException.class);
  }
}
