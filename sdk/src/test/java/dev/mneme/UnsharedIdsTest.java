package dev.mneme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mneme.Vocabulary.Kind;
import dev.mneme.testing.BigramModel;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two vocabularies of which one names more ids than the other. */
class UnsharedIdsTest {

  private static Vocabulary.Builder base() {
    return Vocabulary.builder().add("a", Kind.TEXT).add("b", Kind.TEXT);
  }

  private static Vocabulary with(String name, Kind kind) {
    return base().add(name, kind).build();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[PAD2]",
        "[PAD]",
        "<pad>",
        "<|pad|>",
        "<|padding|>",
        "<unused7>",
        "[unused12]",
        "<|unused_3|>",
        ">>UNUSED_186<<",
        "[UNUSED_TOKEN_141]",
        "<reserved_5>",
        "<|reserved_special_token_0|>",
        "<|reserved_200000|>",
        "<|reserved003|>",
        "<|dummy_85|>",
        "<|placeholder1|>",
        "<\uff5cplace\u2581holder\u2581no\u25810\uff5c>",
        "<SPECIAL_20>",
        "[control_8]",
        "<|extra_17|>"
      })
  void aNameThatOnlyKeepsAnIdFreeIsNoName(String name) {
    Vocabulary free = with(name, Kind.CONTROL);
    Vocabulary mark = with("<|im_start|>", Kind.CONTROL);
    assertThat(free.differencesFrom(mark)).isEmpty();
    assertThat(mark.differencesFrom(free)).isEmpty();
    assertThat(free.unsharedWith(mark).memoryOnly())
        .containsExactly(new UnsharedIds.Entry(2, "\"<|im_start|>\" (control)"));
    assertThat(mark.unsharedWith(free).hostOnly()).hasSize(1);
    assertThat(with(name, Kind.ADDED).differencesFrom(mark)).isEmpty();
    assertThat(free.unsharedWith(base().build())).isEqualTo(UnsharedIds.NONE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<s>",
        "<|im_end|>",
        "<|image_pad|>",
        "<|fim_pad|>",
        "<loc0012>",
        "<special>",
        "7"
      })
  void twoNamesForOneIdAreADifference(String name) {
    assertThat(with(name, Kind.CONTROL).differencesFrom(with("<|im_start|>", Kind.CONTROL)))
        .containsExactly(
            "id 2 is \"" + name + "\" (control) here and \"<|im_start|>\" (control) there");
  }

  @Test
  void aPlaceholderWithARoleIsNamed() {
    Vocabulary end = base().add("<|reserved_1|>", Kind.CONTROL).end(2).build();
    assertThat(end.differencesFrom(with("<|im_end|>", Kind.CONTROL))).hasSize(1);
    assertThat(end.differencesFrom(with("<|reserved_1|>", Kind.CONTROL))).isEmpty();
    assertThat(end.unsharedWith(base().build()).hostOnly()).hasSize(1);
  }

  @Test
  void ordinaryTextThatLooksLikeAWordForFreeIsText() {
    assertThat(with("unused", Kind.TEXT).differencesFrom(with("c", Kind.TEXT))).hasSize(1);
    assertThat(with("pad", Kind.TEXT).differencesFrom(base().build())).hasSize(1);
    assertThat(with("<unused3>", Kind.TEXT).differencesFrom(base().build())).isEmpty();
  }

  @Test
  void anAddedEntryAtTheEndIsNoDifferenceButOrdinaryTextIs() {
    assertThat(base().build().differencesFrom(with("<tool_call>", Kind.ADDED))).isEmpty();
    assertThat(base().build().differencesFrom(with("<tool_call>", Kind.TEXT))).hasSize(1);
  }

  @Test
  void anAddedEntryMayBeCalledSpecialByOneSide() {
    Vocabulary added = with("<think>", Kind.ADDED);
    Vocabulary special = with("<think>", Kind.CONTROL);
    assertThat(added.differencesFrom(special)).isEmpty();
    assertThat(added.unsharedWith(special)).isEqualTo(UnsharedIds.NONE);
    assertThat(added.differencesFrom(with("<think>", Kind.TEXT))).isEmpty();
  }

  @Test
  void anotherBeginningIsNoDifferenceWhereNoTextBeginsWithIt() {
    Vocabulary chat = base().bos(1).beginsWithBos(false).build();
    assertThat(base().bos(0).beginsWithBos(false).build().differencesFrom(chat)).isEmpty();
    assertThat(base().bos(0).build().differencesFrom(chat)).hasSize(1);
  }

  @Test
  void saysOnceWhatIsNotShared() {
    Vocabulary host = with("<|im_start|>", Kind.CONTROL);
    Vocabulary memory =
        base()
            .add("[PAD2]", Kind.UNUSED)
            .add("<a>", Kind.CONTROL)
            .add("<b>", Kind.CONTROL)
            .add("<c>", Kind.CONTROL)
            .add("<d>", Kind.CONTROL)
            .build();
    assertThat(host.unsharedWith(memory).sentences())
        .containsExactly(
            "only the host names the id 2 \"<|im_start|>\" (control), so the memory gives it no"
                + " probability",
            "only the memory names 4 ids (3 \"<a>\" (control), 4 \"<b>\" (control), 5 \"<c>\""
                + " (control), ...), so they get no probability");
    assertThat(UnsharedIds.NONE.sentences()).isEmpty();
  }

  private static final UnsharedIds ONE_EACH =
      new UnsharedIds(
          List.of(new UnsharedIds.Entry(1, "<h>")),
          List.of(new UnsharedIds.Entry(2, "<m>"), new UnsharedIds.Entry(9, "<beyond>")));

  private static MemorySegment row(float... logits) {
    return MemorySegment.ofArray(logits);
  }

  @Test
  void idsThatOneSideNamesGetNoProbabilityFromTheOther() {
    var mixture = new Mixture(4, List.of(ONE_EACH));
    mixture.loadHost(row(0, 0, 500, 0));
    assertThat(mixture.loadMemory(0, row(0, 90, Float.NaN, 0))).isTrue();
    mixture.weigh(new double[] {0.5});

    float[] mixed = mixture.probabilities();

    assertThat(mixed[0]).isCloseTo(0.5f / 3 + 0.25f, within(1e-6f));
    assertThat(mixed[1]).isCloseTo(0.5f / 3, within(1e-6f));
    assertThat(mixed[2]).isZero();
    assertThat(mixed[0] + mixed[1] + mixed[3]).isCloseTo(1f, within(1e-6f));
    assertThat(Math.exp(mixture.logProbability(0))).isCloseTo(mixed[0], within(1e-6));
    assertThat(mixture.logProbability(2)).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThat(mixture.share(0, 1)).isZero();
    assertThat(mixture.memory(0).logProbability(1)).isEqualTo(Double.NEGATIVE_INFINITY);
  }

  @Test
  void withoutWeightTheHostKeepsItsNumbers() {
    var mixture = new Mixture(4, List.of(ONE_EACH));
    var alone = new Mixture(4, 0);
    MemorySegment host = row(0, 1, 2, 3);
    alone.loadHost(host);
    mixture.loadHost(host);
    mixture.loadMemory(0, row(0, 0, 0, 0));
    mixture.weigh(new double[] {0.5});
    mixture.weigh(new double[] {0});
    assertThat(mixture.probabilities()).containsExactly(alone.probabilities());
    assertThat(mixture.logProbability(2)).isEqualTo(alone.logProbability(2));
  }

  @Test
  void aMemoryReadsMarksBeyondItsRowsAsItsEndOfText() {
    try (var memory = new BigramModel("base", 1)) {
      ReadableTokens readable = ReadableTokens.of(memory);
      assertThat(readable.of(new int[] {20, 5, 21})).containsExactly(1, 5, 1);
      int[] all = {0, 19};
      assertThat(readable.of(all)).isSameAs(all);
    }
  }

  @Test
  void aMemoryOfABaseModelWorksBesideAChatModel() {
    var host = new BigramModel("chat", 1, List.of("<|im_start|>", "<|im_end|>"));
    var memory = new BigramModel("base", 2);
    try (MemoryAugmentedModel model = MemoryAugmentedModel.over(host)) {
      model.attach(memory, LambdaPolicy.fixed(1));
      List<TokenScore> scores = model.score(0, 20, 3, 4, 21).tokens();
      try (MemorySession alone = memory.openSession(1)) {
        FloatRows rows = alone.recall(new int[] {0, 1, 3, 4}, Rows.ALL);
        var softmax = new Mixture(20, 0);
        softmax.loadHost(rows.row(2));
        assertThat(scores.get(2).mixture()).isEqualTo(softmax.logProbability(4));
      }
      assertThat(scores.getLast().mixture()).isEqualTo(Double.NEGATIVE_INFINITY);
    }
  }

  @Test
  void aMemoryOfAChatModelWorksBesideABaseModelAndItsMarksNeverAppear() {
    var host = new BigramModel("base", 1);
    var memory = new BigramModel("chat", 2, List.of("<|im_start|>", "<|im_end|>"));
    for (int before = 0; before < 22; before++) {
      for (int last = 0; last < 22; last++) {
        memory.row(before, last)[20] = 300;
      }
    }
    try (MemoryAugmentedModel model = MemoryAugmentedModel.over(host)) {
      model.attach(memory, LambdaPolicy.fixed(1));
      Generation generation = model.generate(GenerationRequest.of("abc"));
      assertThat(generation.tokens()).allMatch(token -> token.id() < 20);
    }
  }
}
