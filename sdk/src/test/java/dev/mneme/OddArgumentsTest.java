package dev.mneme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.testing.BigramModel;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every public call names the argument it cannot take. */
@SuppressWarnings("NullAway") // null is an odd argument
class OddArgumentsTest {

  private final BigramModel host = new BigramModel("host", 1);
  private final MemoryAugmentedModel model = MemoryAugmentedModel.over(host);
  private final GenerationRequest request = GenerationRequest.of("abc");

  @AfterEach
  void close() {
    model.close();
    assertThat(host.openSessions()).isZero();
  }

  private static void refused(ThrowingCallable call, String... words) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(words);
  }

  @Test
  void idsOutsideTheVocabulary() {
    Vocabulary vocabulary = host.vocabulary();
    Tokenizer tokenizer = host.tokenizer();
    for (int id : new int[] {-1, 20, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      String name = Integer.toString(id);
      refused(() -> vocabulary.bytes(id), name, "[0, 20)");
      refused(() -> vocabulary.kind(id), name);
      refused(() -> vocabulary.describe(id), name);
      refused(() -> vocabulary.spell(2, id), name);
      refused(() -> tokenizer.decode(new int[] {2, id}), name);
      refused(() -> new StreamingDecoder(vocabulary, false).push(id), name);
      refused(() -> model.score(0, id), name, "position 1", "[0, 20)");
      refused(() -> model.score(id, 2), name, "position 0");
      refused(() -> model.generate(GenerationRequest.ofIds(2, id)), name, "position 1");
      try (var perplexity = new Perplexity(model, 16, 8)) {
        refused(() -> perplexity.add(0, id), name);
        refused(() -> perplexity.add(id), name);
      }
    }
  }

  @Test
  void idsThatOnlyPaddingRowsHaveSpellNothing() {
    var padded = new BigramModel("padded", 1, 18, 20, 64);
    float[] row = padded.row(0, 2);
    Arrays.fill(row, 0);
    row[19] = 100;
    try (var wide = MemoryAugmentedModel.over(padded)) {
      Generation generation = wide.generate(GenerationRequest.ofIds(0, 2).withMaxTokens(1));
      assertThat(generation.tokens()).extracting(GeneratedToken::id).containsExactly(19);
      assertThat(generation.text()).isEmpty();
      assertThat(wide.score(0, 2, 19).tokens()).hasSize(2);
      try (var perplexity = new Perplexity(wide, 16, 8)) {
        perplexity.add(0, 19, 2);
        assertThat(perplexity.result().bytes()).isEqualTo(1);
      }
    }
  }

  @Test
  void nothingWhereSomethingIsNeeded() {
    LambdaPolicy half = LambdaPolicy.fixed(0.5);
    var memory = new BigramModel("law", 2);
    refused(() -> model.attach(null, half), "memory");
    refused(() -> model.attach(memory, null), "policy");
    refused(() -> model.swap(null, memory, half), "name");
    refused(() -> model.swap("law", null, half), "memory");
    refused(() -> model.detach(null), "name");
    refused(() -> model.generate(null), "request");
    refused(() -> model.stream(request, null), "consumer");
    refused(() -> model.score((String) null), "text");
    refused(() -> model.score((int[]) null), "ids");
    refused(() -> MemoryAugmentedModel.over(null), "host");
    refused(() -> MemoryAugmentedModel.over(memory, null), "options");
    refused(() -> new Perplexity(null, 16, 8), "model");
    refused(() -> GenerationRequest.of(null), "prompt");
    refused(() -> GenerationRequest.ofIds((int[]) null), "prompt");
    refused(() -> request.withSampling(null), "sampling");
    refused(() -> request.withStopStrings(null), "stopStrings");
    refused(() -> request.withStopStrings(Arrays.asList("a", null)), "stopStrings");
    refused(() -> request.withStopIds(null), "stopIds");
    refused(() -> request.withStopIds(Collections.singleton(null)), "stopIds");
    refused(() -> ModelOptions.defaults().withOnInvalidMemory(null), "onInvalidMemory");
    refused(() -> ModelOptions.defaults().withOnForeignHost(null), "onForeignHost");
    refused(() -> HostLoader.open(null), "path");
    refused(() -> Sampler.of(null), "sampling");
    refused(() -> host.tokenizer().decode(null), "ids");
    refused(() -> host.tokenizer().encode(null), "text");
    try (var perplexity = new Perplexity(model, 16, 8)) {
      refused(() -> perplexity.add((int[]) null), "document");
    }
    memory.close();
  }

  @Test
  void emptyThings() {
    refused(() -> model.score(), "at least 2 tokens");
    refused(() -> model.score(""), "at least 2 tokens");
    refused(() -> model.generate(GenerationRequest.ofIds()), "prompt");
    refused(() -> request.withStopStrings(List.of("")), "empty stop string");
    refused(() -> model.detach(""), "attached");
    try (var perplexity = new Perplexity(model, 16, 8)) {
      perplexity.add();
      assertThatThrownBy(perplexity::result).isInstanceOf(MnemeException.class);
    }
  }

  @Test
  void numbersOutOfRange() {
    refused(() -> request.withMaxTokens(0), "maxTokens", "0");
    refused(() -> request.withMaxTokens(-1), "maxTokens", "-1");
    refused(() -> request.withStopIds(Set.of(-1)), "stop id", "-1");
    refused(() -> ModelOptions.defaults().withCores(0), "cores", "0");
    refused(() -> new Perplexity(model, 1, 1), "window", "1");
    refused(() -> new Perplexity(model, 16, -1), "stride", "-1");
    refused(() -> new Perplexity(model, 16, 16), "stride", "16");
    for (double odd : new double[] {Double.NaN, -1, Double.POSITIVE_INFINITY, 101}) {
      refused(() -> Sampling.of(odd), "temperature", Double.toString(odd));
      refused(() -> Sampling.of(1).withTopP(odd), "topP", Double.toString(odd));
      refused(() -> Sampling.of(1).withMinP(odd), "minP", Double.toString(odd));
      refused(() -> Sampling.of(1).withRepetitionPenalty(odd, 8), "repetitionPenalty");
      refused(() -> LambdaPolicy.fixed(odd), "lambda", Double.toString(odd));
    }
    refused(() -> Sampling.of(1).withTopP(0), "topP", "temperature 0");
    assertThat(model.generate(request.withMaxTokens(Integer.MAX_VALUE)).tokens()).isNotEmpty();
  }
}
