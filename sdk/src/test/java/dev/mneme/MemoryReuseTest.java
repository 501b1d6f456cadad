package dev.mneme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.testing.BigramModel;
import dev.mneme.testing.FaultyMemory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One memory, or one host, used again. */
class MemoryReuseTest {

  private static final GenerationRequest REQUEST =
      GenerationRequest.of("abc").withMaxTokens(10).withStopAtEnd(false);

  private final BigramModel host = new BigramModel("host", 1);
  private final BigramModel law = new BigramModel("law", 2);
  private final MemoryAugmentedModel model = MemoryAugmentedModel.over(host);

  @AfterEach
  void everySessionIsClosed() {
    model.close();
    assertThat(host.openSessions() + law.openSessions()).isZero();
  }

  private void weighs(double lambda) {
    assertThat(law.isClosed()).isFalse();
    assertThat(model.memories()).extracting(MemoryUse::lambda).containsExactly(lambda);
    Generation generation = model.generate(REQUEST);
    try (var fresh = MemoryAugmentedModel.over(new BigramModel("host", 1))) {
      fresh.attach(new BigramModel("law", 2), LambdaPolicy.fixed(lambda));
      assertThat(generation.text()).isEqualTo(fresh.generate(REQUEST).text());
    }
  }

  @Test
  void aMemorySwappedForItselfChangesItsWeightAndStaysOpen() {
    model.attach(law, LambdaPolicy.fixed(0.5));
    model.swap("law", law, LambdaPolicy.fixed(0.9));
    weighs(0.9);
    model.swap("law", law, LambdaPolicy.fixed(0.1));
    weighs(0.1);
    model.close();
    assertThat(law.isClosed()).isTrue();
  }

  @Test
  void aMemoryAttachedAgainChangesItsWeightAndStaysOpen() {
    model.attach(law, LambdaPolicy.fixed(0.5));
    model.attach(law, LambdaPolicy.fixed(0.9));
    weighs(0.9);
    model.detach("law");
    assertThat(law.isClosed()).isTrue();
  }

  @Test
  void aRunningGenerationKeepsTheWeightItStartedWith() {
    model.attach(law, LambdaPolicy.fixed(0.9));
    String undisturbed = model.generate(REQUEST).text();
    Generation generation =
        model.stream(REQUEST, token -> model.swap("law", law, LambdaPolicy.fixed(0)));
    assertThat(generation.text()).isEqualTo(undisturbed);
    assertThat(generation.memories()).extracting(MemoryUse::lambda).containsExactly(0.9);
    weighs(0);
  }

  @Test
  void aChangedWeightThatIsRefusedLeavesTheOldOne() {
    model.attach(law, LambdaPolicy.fixed(0.5));
    model.attach(new BigramModel("finance", 3), LambdaPolicy.fixed(0.5));
    assertThatThrownBy(() -> model.swap("law", law, LambdaPolicy.fixed(0.6)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1.1");
    assertThatThrownBy(() -> model.swap("finance", law, LambdaPolicy.fixed(0.1)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(model.memories()).extracting(MemoryUse::name).containsExactly("law", "finance");
    assertThat(model.memories()).extracting(MemoryUse::lambda).containsExactly(0.5, 0.5);
    assertThat(model.generate(REQUEST).memories()).hasSize(2);
  }

  @Test
  void aSwapThatIsRefusedLeavesBothMemoriesOpenAndTheNewOneToTheCaller() {
    model.attach(law, LambdaPolicy.fixed(0.5));
    var stranger = new BigramModel("stranger", 4, 18, 20, 64);
    assertThatThrownBy(() -> model.swap("law", stranger, LambdaPolicy.fixed(0.5)))
        .isInstanceOf(IncompatibleMemoryException.class);
    assertThat(law.isClosed() || stranger.isClosed()).isFalse();
    weighs(0.5);
    stranger.close();
  }

  @Test
  void aClosedMemoryIsRefusedAtOnce() {
    law.close();
    assertThatThrownBy(() -> model.attach(law, LambdaPolicy.fixed(0.5)))
        .isInstanceOf(ClosedException.class)
        .hasMessageContaining("law");
    var finance = new BigramModel("finance", 3);
    model.attach(finance, LambdaPolicy.fixed(0.5));
    assertThatThrownBy(() -> model.swap("finance", law, LambdaPolicy.fixed(0.5)))
        .isInstanceOf(ClosedException.class);
    assertThat(model.generate(REQUEST).memories()).extracting(MemoryUse::name).contains("finance");
  }

  @Test
  void aDetachedMemoryIsClosedAndRefusedAtOnceWhateverItSaysOfItself() {
    var silent = new FaultyMemory(law, rows -> rows);
    model.attach(silent, LambdaPolicy.fixed(0.5));
    model.detach("law");
    assertThat(silent.isClosed()).isFalse();
    assertThatThrownBy(() -> model.attach(silent, LambdaPolicy.fixed(0.5)))
        .isInstanceOf(ClosedException.class)
        .hasMessageContaining("law");
  }

  @Test
  void aMemoryOfAnotherModelIsRefusedAndStaysWithItsOwner() {
    model.attach(law, LambdaPolicy.fixed(0.5));
    try (var other = MemoryAugmentedModel.over(new BigramModel("other", 1))) {
      assertThatThrownBy(() -> other.attach(law, LambdaPolicy.fixed(0.5)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("law", "owned");
      assertThat(other.memories()).isEmpty();
    }
    weighs(0.5);
  }

  /** Equal to every other, as records of equal content are. */
  private static final class EqualMemory extends FaultyMemory {

    EqualMemory(BigramModel model) {
      super(model, rows -> rows);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof EqualMemory;
    }

    @Override
    public int hashCode() {
      return 1;
    }
  }

  @Test
  void memoriesThatAreEqualAreStillTwo() {
    var first = new EqualMemory(law);
    var second = new EqualMemory(new BigramModel("law", 2));
    assertThat(first).isEqualTo(second);
    model.attach(first, LambdaPolicy.fixed(0.5));
    try (var other = MemoryAugmentedModel.over(new BigramModel("other", 1))) {
      other.attach(second, LambdaPolicy.fixed(0.5));
      assertThat(other.generate(REQUEST).tokens()).hasSize(10);
    }
    assertThat(model.generate(REQUEST).tokens()).hasSize(10);
  }

  @Test
  void aHostHasOneModelAndAClosedOneHasNone() {
    assertThatThrownBy(() -> MemoryAugmentedModel.over(host))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("host", "owned");
    assertThat(model.generate(REQUEST).tokens()).hasSize(10);
    var closed = new BigramModel("closed", 1);
    closed.close();
    assertThatThrownBy(() -> MemoryAugmentedModel.over(closed))
        .isInstanceOf(ClosedException.class)
        .hasMessageContaining("closed");
  }
}
