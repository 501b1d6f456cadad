package dev.mneme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mneme.testing.BigramModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MemoryAugmentedModelTest {

  private final BigramModel host = new BigramModel("host", 1);
  private final BigramModel law = new BigramModel("law", 2);
  private final BigramModel finance = new BigramModel("finance", 3);
  private final MemoryAugmentedModel model = MemoryAugmentedModel.over(host);

  @AfterEach
  void everySessionIsClosed() {
    model.close();
    assertThat(host.openSessions() + law.openSessions() + finance.openSessions()).isZero();
    assertThat(host.isClosed()).isTrue();
  }

  private static GenerationRequest request() {
    return GenerationRequest.of("abc").withMaxTokens(20).withStopAtEnd(false);
  }

  private static List<Integer> ids(Generation generation) {
    return generation.tokens().stream().map(GeneratedToken::id).toList();
  }

  /** Greedy ids by the formula, without any of the code under test but the fake models. */
  private List<Integer> expectedGreedy(double lambda, int count) {
    int before = 3;
    int last = 4;
    var ids = new ArrayList<Integer>();
    for (int i = 0; i < count; i++) {
      double[] h = softmax(host.row(before, last));
      double[] m = softmax(law.row(before, last));
      int best = 0;
      for (int id = 1; id < h.length; id++) {
        if ((1 - lambda) * h[id] + lambda * m[id] > (1 - lambda) * h[best] + lambda * m[best]) {
          best = id;
        }
      }
      ids.add(best);
      before = last;
      last = best;
    }
    return ids;
  }

  private static double[] softmax(float[] row) {
    double[] p = new double[row.length];
    double sum = 0;
    for (int i = 0; i < row.length; i++) {
      p[i] = Math.exp(row[i]);
      sum += p[i];
    }
    for (int i = 0; i < row.length; i++) {
      p[i] /= sum;
    }
    return p;
  }

  @Test
  void generatesTheGreedyTextOfTheMixture() {
    assertThat(ids(model.generate(request()))).isEqualTo(expectedGreedy(0, 20));
    model.attach(law, LambdaPolicy.fixed(0.6));
    assertThat(ids(model.generate(request()))).isEqualTo(expectedGreedy(0.6, 20));
  }

  @Test
  void lambdaZeroScoresExactlyLikeTheHostAlone() {
    Score alone = model.score("abcdefgabcdefg");
    model.attach(law, LambdaPolicy.fixed(0));
    Score mixed = model.score("abcdefgabcdefg");
    for (int i = 0; i < alone.tokens().size(); i++) {
      assertThat(mixed.tokens().get(i).mixture()).isEqualTo(alone.tokens().get(i).mixture());
    }
  }

  @Test
  void everyTokenSaysHowMuchOfItsProbabilityTheMemoryGave() {
    model.attach(law, LambdaPolicy.fixed(0.6));
    Generation generation = model.generate(request());
    int before = 3;
    int last = 4;
    for (GeneratedToken token : generation.tokens()) {
      double fromHost = 0.4 * softmax(host.row(before, last))[token.id()];
      double fromLaw = 0.6 * softmax(law.row(before, last))[token.id()];
      assertThat(token.shares().get("law")).isCloseTo(fromLaw / (fromHost + fromLaw), within(1e-5));
      assertThat(token.logProbability()).isCloseTo(Math.log(fromHost + fromLaw), within(1e-5));
      before = last;
      last = token.id();
    }
  }

  @Test
  void reportsDigestAndLambdaOfWhatItUsed() {
    model.attach(law, LambdaPolicy.fixed(0.25));
    model.attach(finance, LambdaPolicy.fixed(0.5));
    List<MemoryUse> uses = model.generate(request()).memories();
    assertThat(uses).extracting(MemoryUse::name).containsExactly("law", "finance");
    assertThat(uses).extracting(MemoryUse::digest).containsExactly(law.digest(), finance.digest());
    assertThat(uses).extracting(MemoryUse::lambda).containsExactly(0.25, 0.5);
    assertThat(model.memories()).isEqualTo(uses);
  }

  @Test
  void aRunningGenerationKeepsTheMemoriesItStartedWith() {
    model.attach(law, LambdaPolicy.fixed(0.6));
    List<Integer> undisturbed = ids(model.generate(request()));
    var swapped = new AtomicReference<>(false);
    Generation generation =
        model.stream(
            request(),
            token -> {
              if (!swapped.getAndSet(true)) {
                model.swap("law", finance, LambdaPolicy.fixed(0.9));
                assertThat(law.isClosed()).isFalse();
              }
            });
    assertThat(ids(generation)).isEqualTo(undisturbed);
    assertThat(generation.memories()).extracting(MemoryUse::name).containsExactly("law");
    assertThat(law.isClosed()).isTrue();
    assertThat(model.generate(request()).memories())
        .extracting(MemoryUse::name)
        .containsExactly("finance");
  }

  @Test
  void aDetachedMemoryClosesAndTheHostSpeaksAloneAgain() {
    List<Integer> alone = ids(model.generate(request()));
    model.attach(law, LambdaPolicy.fixed(1));
    assertThat(ids(model.generate(request()))).isNotEqualTo(alone);
    model.detach("law");
    assertThat(law.isClosed()).isTrue();
    assertThat(ids(model.generate(request()))).isEqualTo(alone);
  }

  @Test
  void concurrentGenerationsDoNotDisturbEachOther() throws InterruptedException {
    model.attach(law, LambdaPolicy.fixed(0.6));
    List<Integer> expected = ids(model.generate(request()));
    List<List<Integer>> results = java.util.Collections.synchronizedList(new ArrayList<>());
    var done = new CountDownLatch(8);
    for (int i = 0; i < 8; i++) {
      Thread.ofVirtual()
          .start(
              () -> {
                results.add(ids(model.generate(request())));
                done.countDown();
              });
    }
    done.await();
    assertThat(results).hasSize(8).allSatisfy(ids -> assertThat(ids).isEqualTo(expected));
  }

  @Test
  void refusesAMemoryWithAnotherVocabularyAndLeavesItToTheCaller() {
    var stranger = new BigramModel("stranger", 4, 18, 20, 64);
    assertThatThrownBy(() -> model.attach(stranger, LambdaPolicy.fixed(0.5)))
        .isInstanceOf(IncompatibleMemoryException.class)
        .hasMessageContaining("stranger")
        .hasMessageContaining("id 18")
        .hasMessageContaining("id 19");
    assertThat(model.memories()).isEmpty();
    assertThat(stranger.isClosed()).isFalse();
  }

  @Test
  void refusesTheSameNameTwiceAndLambdasOverOne() {
    model.attach(law, LambdaPolicy.fixed(0.6));
    assertThatThrownBy(() -> model.attach(new BigramModel("law", 9), LambdaPolicy.fixed(0.1)))
        .hasMessageContaining("law");
    assertThatThrownBy(() -> model.attach(finance, LambdaPolicy.fixed(0.5)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1.1");
    assertThatThrownBy(() -> model.detach("tax"))
        .hasMessageContaining("tax")
        .hasMessageContaining("law");
    assertThat(model.memories()).hasSize(1);
  }

  @Test
  void aNanRowOfAMemoryFailsTheGeneration() {
    model.attach(law.fill(Float.NaN), LambdaPolicy.fixed(0.5));
    assertThatThrownBy(() -> model.generate(request()))
        .isInstanceOf(InvalidDistributionException.class)
        .hasMessageContaining("law");
  }

  @Test
  void aNanRowOfAMemoryFallsBackToTheHostWhereThePolicySaysSo() {
    List<Integer> alone = ids(model.generate(request()));
    BigramModel secondHost = new BigramModel("host", 1);
    try (var tolerant =
        MemoryAugmentedModel.over(
            secondHost,
            ModelOptions.defaults()
                .withCores(1)
                .withOnInvalidMemory(InvalidMemoryPolicy.USE_HOST))) {
      tolerant.attach(law.fill(Float.POSITIVE_INFINITY), LambdaPolicy.fixed(0.5));
      Generation generation = tolerant.generate(request());
      assertThat(ids(generation)).isEqualTo(alone);
      assertThat(generation.hostOnlyTokens()).isEqualTo(20);
    }
  }

  @Test
  void aNanRowOfTheHostAlwaysFails() {
    host.fill(Float.NaN);
    assertThatThrownBy(() -> model.generate(request()))
        .isInstanceOf(InvalidDistributionException.class)
        .hasMessageContaining("host");
  }

  @Test
  void endsAtAnEndTokenAStopIdAStopStringOrAFullContext() {
    float[] row = host.row(3, 4);
    Arrays.fill(row, 0f);
    row[1] = 50f;
    Generation ended = model.generate(request().withStopAtEnd(true));
    assertThat(ended.finish()).isEqualTo(Generation.Finish.END_TOKEN);
    assertThat(ended.text()).isEmpty();
    assertThat(ids(ended)).containsExactly(1);

    row[7] = 60f;
    Generation byId = model.generate(request().withStopIds(Set.of(7)));
    assertThat(byId.finish()).isEqualTo(Generation.Finish.END_TOKEN);
    assertThat(ids(byId)).containsExactly(7);

    Generation whole = model.generate(request());
    assertThat(whole.finish()).isEqualTo(Generation.Finish.MAX_TOKENS);
    String stop = whole.text().substring(4, 6);
    Generation byText = model.generate(request().withStopStrings(List.of(stop)));
    assertThat(byText.finish()).isEqualTo(Generation.Finish.STOP_STRING);
    assertThat(byText.text()).isEqualTo(whole.text().substring(0, whole.text().indexOf(stop)));

    Generation full = model.generate(request().withMaxTokens(1000));
    assertThat(full.finish()).isEqualTo(Generation.Finish.CONTEXT_FULL);
    assertThat(full.tokens()).hasSize(64 - 4 + 1);
  }

  @Test
  void streamedTextIsTheWholeText() {
    var streamed = new StringBuilder();
    Generation generation =
        model.stream(
            request().withStopStrings(List.of("zzzz", "ab")),
            token -> streamed.append(token.text()));
    assertThat(streamed).hasToString(generation.text());
  }

  @Test
  void theSameSeedGivesTheSameText() {
    model.attach(law, LambdaPolicy.fixed(0.5));
    GenerationRequest warm = request().withSampling(Sampling.of(1.2).withSeed(42));
    assertThat(ids(model.generate(warm))).isEqualTo(ids(model.generate(warm)));
    assertThat(ids(model.generate(warm.withSampling(Sampling.of(1.2).withSeed(43)))))
        .isNotEqualTo(ids(model.generate(warm)));
  }

  @Test
  void anInterruptCancelsAndStaysSet() {
    Generation generation = model.stream(request(), token -> Thread.currentThread().interrupt());
    assertThat(Thread.interrupted()).isTrue();
    assertThat(generation.finish()).isEqualTo(Generation.Finish.CANCELLED);
  }

  @Test
  void whatTheConsumerThrowsEndsTheGeneration() {
    assertThatThrownBy(
            () ->
                model.stream(
                    request(),
                    token -> {
                      throw new IllegalStateException("enough");
                    }))
        .hasMessage("enough");
  }

  @Test
  void refusesAPromptThatDoesNotFit() {
    assertThatThrownBy(() -> model.generate(GenerationRequest.of("a".repeat(63))))
        .isInstanceOf(ContextOverflowException.class)
        .hasMessageContaining("64 tokens");
  }

  @Test
  void refusesToScoreNothing() {
    assertThatThrownBy(() -> model.score("")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aClosedModelRefusesToWork() {
    model.close();
    assertThatThrownBy(() -> model.generate(request())).isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> model.attach(law, LambdaPolicy.fixed(0.1)))
        .isInstanceOf(ClosedException.class);
  }
}
