package dev.mneme.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.FloatRows;
import dev.mneme.Generation;
import dev.mneme.GenerationRequest;
import dev.mneme.HostLoader;
import dev.mneme.HostModel;
import dev.mneme.HostSession;
import dev.mneme.IncompatibleMemoryException;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.Rows;
import dev.mneme.Tap;
import dev.mneme.djl.TorchHost;
import dev.mneme.djl.TorchOptions;
import dev.mneme.djl.WeightPrecision;
import dev.mneme.llamacpp.CacheType;
import dev.mneme.llamacpp.LlamaCppHost;
import dev.mneme.llamacpp.LlamaCppOptions;
import dev.mneme.store.ClassPathModels;
import dev.mneme.store.MemoryLoader;
import dev.mneme.store.WeightType;
import dev.mneme.store.hf.GgufConverter;
import dev.mneme.store.testing.Architectures;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** One model through llama.cpp, as GGUF, and through PyTorch, from its folder. */
class TwoEnginesTest {

  private static final int[] TOKENS = {5, 100, 101, 257, 32, 258, 100, 7, 90, 33, 12, 64};
  private static final TorchOptions TORCH =
      TorchOptions.defaults().withPrecision(WeightPrecision.FLOAT32);

  @TempDir static Path shared;

  private static LlamaCppHost onLlamaCpp(Path folder) {
    Path gguf = folder.resolve("host.gguf");
    GgufConverter.convertHost(folder, gguf, WeightType.F32);
    return LlamaCppHost.open(gguf, LlamaCppOptions.defaults().withCacheType(CacheType.F32));
  }

  /** llama.cpp looks GELU up in a half-precision table. */
  private static double tolerance(Family family) {
    return switch (family) {
      case GPT2, GPT_NEOX, GEMMA3 -> 2e-2;
      case LLAMA, MISTRAL, QWEN2, QWEN3 -> 1e-3;
    };
  }

  private static void assertClose(FloatRows actual, FloatRows expected, double tolerance) {
    assertThat(actual.count()).isEqualTo(expected.count());
    assertThat(actual.width()).isEqualTo(expected.width());
    for (int row = 0; row < actual.count(); row++) {
      for (int i = 0; i < actual.width(); i++) {
        assertThat((double) actual.get(row, i))
            .as("row %d, float %d", row, i)
            .isCloseTo(expected.get(row, i), within(tolerance));
      }
    }
  }

  private static Set<Tap> allTaps(int blocks) {
    var taps = new HashSet<Tap>();
    for (int block = 0; block < blocks; block++) {
      for (Tap.Point point : Tap.Point.values()) {
        taps.add(new Tap(block, point));
      }
    }
    return taps;
  }

  private static void assertAgree(Path folder, int[] tokens, double tolerance) {
    try (LlamaCppHost llamaCpp = onLlamaCpp(folder);
        TorchHost torch = TorchHost.open(folder, TORCH)) {
      assertThat(torch.identity()).isEqualTo(llamaCpp.identity());
      Set<Tap> taps = allTaps(torch.identity().orElseThrow().blocks());
      try (HostSession expected = llamaCpp.openSession(1, taps);
          HostSession actual = torch.openSession(1, taps)) {
        assertClose(
            actual.forward(tokens, Rows.ALL), expected.forward(tokens, Rows.ALL), tolerance);
        for (Tap tap : taps) {
          assertClose(actual.activations(tap), expected.activations(tap), tolerance);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void giveTheSameLogitsAndActivations(Family family, @TempDir Path folder) {
    Architectures.assumeSupported(family);
    assertAgree(TinyModel.write(folder, family, 7), TOKENS, tolerance(family));
  }

  @ParameterizedTest
  @CsvSource({
    "LLAMA, linear",
    "LLAMA, llama3",
    "LLAMA, yarn",
    "LLAMA, dynamic",
    "MISTRAL, yarn",
    "QWEN2, linear",
    "QWEN2, yarn"
  })
  void giveTheSameLogitsWithStretchedPositions(
      Family family, String scaling, @TempDir Path folder) {
    TinyModel.write(folder, family, 7);
    ModelEdit.json(
        folder,
        "config.json",
        config ->
            config
                .putObject("rope_scaling")
                .put("rope_type", scaling)
                .put("factor", 4.0)
                .put("low_freq_factor", 1.0)
                .put("high_freq_factor", 4.0)
                .put("original_max_position_embeddings", 24));
    assertAgree(folder, TOKENS, 1e-3);
  }

  @Test
  void giveTheSameLogitsWithADivisorForEachFrequency(@TempDir Path folder) {
    TinyModel.write(folder, Family.LLAMA, 7);
    ModelEdit.json(
        folder,
        "config.json",
        config -> {
          ObjectNode scaling = config.putObject("rope_scaling").put("rope_type", "longrope");
          scaling.put("factor", 4.0).put("original_max_position_embeddings", 24);
          scaling.putArray("short_factor").add(1.0).add(1.5).add(2.5).add(4.0);
          scaling.putArray("long_factor").add(1.0).add(2.0).add(4.0).add(8.0);
        });
    assertAgree(folder, TOKENS, 1e-3);
  }

  @ParameterizedTest
  @CsvSource({"false, false", "true, true"})
  void giveTheSameLogitsWithGpt2sScales(boolean scaled, boolean divided, @TempDir Path folder) {
    TinyModel.write(folder, Family.GPT2, 7);
    ModelEdit.json(
        folder,
        "config.json",
        config ->
            config
                .put("scale_attn_weights", scaled)
                .put("scale_attn_by_inverse_layer_idx", divided));
    assertAgree(folder, TOKENS, tolerance(Family.GPT2));
  }

  @Test
  void giveTheSameLogitsForAModelInShards(@TempDir Path folder) {
    TinyModel.write(folder, Family.QWEN2, 7);
    ModelEdit.shard(folder);
    assertAgree(folder, TOKENS, 1e-3);
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void writeTheSameGreedyText(Family family, @TempDir Path folder) {
    Architectures.assumeSupported(family);
    TinyModel.write(folder, family, 7);
    var request = GenerationRequest.of("the tin on a").withMaxTokens(24).withStopAtEnd(false);
    assertThat(greedy(TorchHost.open(folder, TORCH), request))
        .isEqualTo(greedy(onLlamaCpp(folder), request));
  }

  private static String greedy(HostModel host, GenerationRequest request) {
    try (var model = MemoryAugmentedModel.over(host)) {
      return model.generate(request).text();
    }
  }

  /** The shipped host's folder, from its jar. */
  private static Path shipped;

  @BeforeAll
  static void unpackTheShippedHost() {
    shipped = TinyModel.directory(shared, "host-3m");
    for (String file :
        new String[] {
          "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"
        }) {
      String resource = "/META-INF/mneme/hosts/host-3m/" + file;
      try (InputStream in = TwoEnginesTest.class.getResourceAsStream(resource)) {
        assertThat(in).as(resource).isNotNull();
        Files.copy(in, shipped.resolve(file));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Test
  void agreeOnTheShippedHost() {
    int[] tokens;
    try (TorchHost host = TorchHost.open(shipped, TORCH)) {
      tokens = host.tokenizer().encode("The court held that the contract was void, and appealed.");
    }
    assertAgree(shipped, tokens, 1e-2);
  }

  @Test
  void attachAShippedPackByTheSameLine() {
    String text = "The plaintiff filed a motion for summary judgment, which the district court";
    double onLlamaCpp = perplexity(ClassPathModels.here().host("host-3m"), text);
    double onTorch = perplexity(shipped, text);
    assertThat(onTorch).isCloseTo(onLlamaCpp, within(0.01 * onLlamaCpp));
  }

  private static double perplexity(Path hostPath, String text) {
    try (var model = MemoryAugmentedModel.over(HostLoader.open(hostPath))) {
      model.attach(MemoryLoader.open("law", model.host()), LambdaPolicy.fixed(0.5));
      model.attach(MemoryLoader.open("law-mlp", model.host()), LambdaPolicy.fixed(0.3));
      return model.score(text).perplexity();
    }
  }

  @Test
  void tellsWhichMemoryWroteWhatOnPyTorchToo() {
    try (var model = MemoryAugmentedModel.over(HostLoader.open(shipped))) {
      model.attach(MemoryLoader.open("law", model.host()), LambdaPolicy.fixed(0.8));
      Generation generation =
          model.generate(GenerationRequest.of("The court of appeals").withMaxTokens(12));
      assertThat(generation.memories()).hasSize(1);
      assertThat(generation.tokens()).isNotEmpty();
    }
  }

  @Test
  void anMlpMemoryOfAnotherHostIsRefusedOnPyTorchToo(@TempDir Path folder) {
    try (var model = MemoryAugmentedModel.over(HostLoader.open(shipped));
        var other = HostLoader.open(ClassPathModels.here().host("host-10m"))) {
      assertThat(other.identity()).isNotEqualTo(model.host().identity());
    }
    assertThatThrownBy(
            () -> {
              try (var model =
                  MemoryAugmentedModel.over(
                      HostLoader.open(TinyModel.write(folder, Family.LLAMA, 7)))) {
                model.attach(MemoryLoader.open("law-mlp", model.host()), LambdaPolicy.fixed(0.3));
              }
            })
        .isInstanceOf(IncompatibleMemoryException.class);
  }
}
