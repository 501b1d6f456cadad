package dev.mneme;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mneme.testing.ActivationMemory;
import dev.mneme.testing.BigramModel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Memories that read the host's activations, attached to a model. */
class ActivationMemoryTest {

  private static final int[] IDS = {0, 5, 9, 3, 2, 7, 7, 4, 11, 6, 8, 10, 4, 3, 9, 12, 5, 2, 6, 7};

  private final BigramModel host = new BigramModel("host", 1);
  private final MemoryAugmentedModel model = MemoryAugmentedModel.over(host);

  @AfterEach
  void close() {
    model.close();
    assertThat(host.openSessions()).isZero();
  }

  private HostIdentity identity() {
    return host.identity().orElseThrow();
  }

  private static double logProbability(float[] logits, int id) {
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit);
    }
    return logits[id] - Math.log(sum);
  }

  @Test
  void readsTheActivationOfEveryPositionItScores() {
    Tap tap = new Tap(1, Tap.Point.BLOCK_OUTPUT);
    var memory = new ActivationMemory("law", host, tap, 2);
    model.attach(memory, LambdaPolicy.fixed(0.5));
    Score score = model.score(IDS);
    for (int i = 0; i < score.tokens().size(); i++) {
      float[] activation = BigramModel.activation(tap, i == 0 ? 0 : IDS[i - 1], IDS[i]);
      assertThat(score.tokens().get(i).memories().get("law"))
          .as("position %d", i)
          .isCloseTo(logProbability(memory.row(activation), IDS[i + 1]), within(1e-5));
    }
  }

  @Test
  void worksBesideAMemoryThatReadsTokens() {
    model.attach(new BigramModel("decoder", 3), LambdaPolicy.fixed(0.3));
    model.attach(
        new ActivationMemory("mlp", host, Tap.lastFeedForwardInput(), 2), LambdaPolicy.fixed(0.4));
    Score score = model.score(IDS);
    for (TokenScore token : score.tokens()) {
      double mixed =
          0.3 * Math.exp(token.host())
              + 0.3 * Math.exp(requireNonNull(token.memories().get("decoder")))
              + 0.4 * Math.exp(requireNonNull(token.memories().get("mlp")));
      assertThat(token.mixture()).isCloseTo(Math.log(mixed), within(1e-5));
    }
    assertThat(model.generate(GenerationRequest.ofIds(0, 5, 9).withMaxTokens(10)).tokens())
        .isNotEmpty();
  }

  @Test
  void severalMemoriesReadDifferentTaps() {
    for (int block = 0; block < BigramModel.BLOCKS; block++) {
      var tap = new Tap(block, Tap.Point.FEED_FORWARD_INPUT);
      model.attach(new ActivationMemory("m" + block, host, tap, 7), LambdaPolicy.fixed(0.2));
    }
    TokenScore last = model.score(IDS).tokens().getLast();
    assertThat(last.memories().keySet()).containsExactly("m0", "m1", "m2");
    assertThat(last.memories().values()).doesNotHaveDuplicates();
  }

  @Test
  void refusesAMemoryTrainedOnAnotherHostAndSaysHowItDiffers() {
    var other = new HostIdentity("other", identity().width(), 9, "sha256:" + "0".repeat(64));
    var foreign =
        new ActivationMemory("law", host, new TappedHost(other, Tap.lastFeedForwardInput()), 2);
    assertThatThrownBy(() -> model.attach(foreign, LambdaPolicy.fixed(0.5)))
        .isInstanceOf(IncompatibleMemoryException.class)
        .hasMessageContainingAll("architecture bigram, not other", "3 blocks, not 9", "weights");
    assertThat(model.memories()).isEmpty();
  }

  @Test
  void takesAMemoryOfAnotherHostWhereThePolicySaysSo() {
    var other = new HostIdentity("bigram", identity().width(), 3, "sha256:" + "0".repeat(64));
    var foreign =
        new ActivationMemory("law", host, new TappedHost(other, Tap.lastFeedForwardInput()), 2);
    ModelOptions options = ModelOptions.defaults().withOnForeignHost(ForeignHostPolicy.ACCEPT);
    try (var lenient = MemoryAugmentedModel.over(new BigramModel("host", 1), options)) {
      lenient.attach(foreign, LambdaPolicy.fixed(0.5));
      assertThat(lenient.score(IDS).tokens()).hasSize(IDS.length - 1);
    }
  }

  @Test
  void refusesATapTheHostDoesNotHaveWhateverThePolicy() {
    ModelOptions options = ModelOptions.defaults().withOnForeignHost(ForeignHostPolicy.ACCEPT);
    var reads = new TappedHost(identity(), new Tap(3, Tap.Point.FEED_FORWARD_INPUT));
    try (var lenient = MemoryAugmentedModel.over(new BigramModel("host", 1), options)) {
      assertThatThrownBy(
              () ->
                  lenient.attach(
                      new ActivationMemory("law", host, reads, 2), LambdaPolicy.fixed(0.5)))
          .isInstanceOf(IncompatibleMemoryException.class)
          .hasMessageContaining("ffn_norm of block 3");
    }
  }

  @Test
  void refusesActivationsOfAnotherWidthWhateverThePolicy() {
    ModelOptions options = ModelOptions.defaults().withOnForeignHost(ForeignHostPolicy.ACCEPT);
    var wide = new HostIdentity("bigram", 5, 3, identity().norms());
    var reads = new TappedHost(wide, Tap.lastFeedForwardInput());
    try (var lenient = MemoryAugmentedModel.over(new BigramModel("host", 1), options)) {
      assertThatThrownBy(
              () ->
                  lenient.attach(
                      new ActivationMemory("law", host, reads, 2), LambdaPolicy.fixed(0.5)))
          .isInstanceOf(IncompatibleMemoryException.class)
          .hasMessageContainingAll("width 5", "have 4");
    }
  }

  @Test
  void closesAMemoryThatIsSwappedOut() {
    var first = new ActivationMemory("law", host, Tap.lastFeedForwardInput(), 2);
    model.attach(first, LambdaPolicy.fixed(0.5));
    model.score(IDS);
    model.swap("law", new BigramModel("decoder", 3), LambdaPolicy.fixed(0.5));
    assertThat(first.isClosed()).isTrue();
    assertThat(first.openSessions()).isZero();
  }
}
