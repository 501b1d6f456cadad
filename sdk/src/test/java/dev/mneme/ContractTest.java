package dev.mneme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.testing.BigramModel;
import dev.mneme.testing.FaultyMemory;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Memories, policies and hosts of an application that give what they must not. */
class ContractTest {

  private static final GenerationRequest REQUEST =
      GenerationRequest.of("abc").withMaxTokens(5).withStopAtEnd(false);

  private final BigramModel host = new BigramModel("host", 1);
  private final BigramModel law = new BigramModel("law", 2);
  private final MemoryAugmentedModel model = MemoryAugmentedModel.over(host);

  @AfterEach
  void everySessionIsClosed() {
    model.close();
    assertThat(host.openSessions() + law.openSessions()).isZero();
  }

  private void refuses(MemoryModule memory, String... words) {
    model.attach(memory, LambdaPolicy.fixed(0.5));
    assertThatThrownBy(() -> model.generate(REQUEST))
        .isInstanceOf(ContractViolationException.class)
        .hasMessageContaining("law")
        .hasMessageContainingAll(words);
    assertThatThrownBy(() -> model.score("abcd"))
        .isInstanceOf(ContractViolationException.class)
        .hasMessageContaining("law");
  }

  private static FloatRows resized(FloatRows rows, int count, int width) {
    return FloatRows.of(
        new float[(rows.count() + count) * (rows.width() + width)], rows.width() + width);
  }

  @Test
  void refusesRowsNarrowerThanDeclared() {
    refuses(new FaultyMemory(law, rows -> resized(rows, 0, -3)), "17 floats", "20 floats");
  }

  @Test
  void refusesRowsWiderThanDeclared() {
    refuses(new FaultyMemory(law, rows -> resized(rows, 0, 1)), "21 floats", "20 floats");
  }

  @Test
  void refusesMoreRowsThanWereAskedFor() {
    refuses(new FaultyMemory(law, rows -> resized(rows, 2, 0)), "3 rows", "1 rows");
  }

  @Test
  void refusesFewerRowsThanWereAskedFor() {
    refuses(new FaultyMemory(law, rows -> resized(rows, -rows.count(), 0)), "0 rows", "1 rows");
  }

  @Test
  void refusesNullInPlaceOfRows() {
    refuses(new FaultyMemory(law, rows -> null), "gave null", "1 rows of 20 floats");
  }

  @Test
  void refusesRowsWhoseMemoryIsFreedAlready() {
    refuses(
        new FaultyMemory(
            law,
            rows -> {
              try (Arena arena = Arena.ofShared()) {
                return new FloatRows(
                    arena.allocate(4L * rows.count() * rows.width(), 4),
                    rows.count(),
                    rows.width());
              }
            }),
        "cannot be read after its call");
  }

  @Test
  void refusesRowsThatOnlyTheMemorysThreadMayRead() {
    refuses(
        new FaultyMemory(
            law,
            rows ->
                new FloatRows(
                    Arena.ofConfined().allocate(4L * rows.count() * rows.width(), 4),
                    rows.count(),
                    rows.width())),
        "every thread");
  }

  private static FaultyMemory changed(BigramModel law, String what) {
    return new FaultyMemory(law, rows -> rows) {
      @Override
      public int logitWidth() {
        return what.equals("logitWidth") ? 19 : super.logitWidth();
      }

      @Override
      public int contextLength() {
        return what.equals("contextLength") ? 0 : super.contextLength();
      }

      @Override
      @SuppressWarnings("NullAway") // what is tested
      public Vocabulary vocabulary() {
        return what.equals("vocabulary") ? null : super.vocabulary();
      }

      @Override
      @SuppressWarnings("NullAway")
      public String digest() {
        return what.equals("digest") ? null : super.digest();
      }

      @Override
      @SuppressWarnings("NullAway")
      public String name() {
        return what.equals("name") ? null : super.name();
      }
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {"logitWidth", "contextLength", "vocabulary", "digest", "name"})
  void refusesToAttachAMemoryThatSaysSomethingImpossibleOfItself(String what) {
    assertThatThrownBy(() -> model.attach(changed(law, what), LambdaPolicy.fixed(0.5)))
        .isInstanceOf(ContractViolationException.class)
        .hasMessageContaining(what);
    assertThat(model.memories()).isEmpty();
  }

  private static LambdaPolicy policy(double lambda, @Nullable OptionalDouble fixed) {
    return new LambdaPolicy() {
      @Override
      public double lambda(Distribution host, Distribution memory) {
        return lambda;
      }

      @Override
      @SuppressWarnings("NullAway") // what is tested
      public OptionalDouble fixed() {
        return fixed;
      }

      @Override
      public String toString() {
        return "mine";
      }
    };
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, -0.1, 1.1, Double.POSITIVE_INFINITY})
  void refusesAPolicyWhoseWeightIsNone(double lambda) {
    assertThatThrownBy(() -> model.attach(law, policy(0.5, OptionalDouble.of(lambda))))
        .isInstanceOf(ContractViolationException.class)
        .hasMessageContainingAll("mine", "law", Double.toString(lambda));
    model.attach(law, policy(lambda, OptionalDouble.empty()));
    assertThatThrownBy(() -> model.generate(REQUEST))
        .isInstanceOf(ContractViolationException.class)
        .hasMessageContainingAll("mine", "law", Double.toString(lambda), "position 4");
  }

  @Test
  void refusesAPolicyThatSaysNullOfItsFixedWeight() {
    assertThatThrownBy(() -> model.attach(law, policy(0.5, null)))
        .isInstanceOf(ContractViolationException.class)
        .hasMessageContainingAll("mine", "law", "fixed()");
  }

  @Test
  void refusesPoliciesThatTogetherGiveMoreThanOne() {
    model.attach(law, policy(0.7, OptionalDouble.empty()));
    model.attach(new BigramModel("finance", 3), policy(0.6, OptionalDouble.empty()));
    assertThatThrownBy(() -> model.generate(REQUEST))
        .isInstanceOf(ContractViolationException.class)
        .hasMessageContainingAll("law", "finance", "0.7", "0.6");
  }

  @Test
  void whatAPolicyThrowsEndsTheGenerationAndIsThrown() {
    model.attach(
        law,
        (ofHost, ofMemory) -> {
          throw new UnsupportedOperationException("no");
        });
    assertThatThrownBy(() -> model.generate(REQUEST))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void takesRowsOfTheRightShapeHoweverTheyAreMade() {
    model.attach(law, LambdaPolicy.fixed(0.5));
    String expected = model.generate(REQUEST).text();
    model.swap(
        "law",
        new FaultyMemory(
            new BigramModel("law", 2),
            rows -> new FloatRows(rows.segment(), rows.count(), rows.width())),
        LambdaPolicy.fixed(0.5));
    assertThat(model.generate(REQUEST).text()).isEqualTo(expected);
  }

  @Test
  void rowsCannotHaveANegativeShape() {
    float[] four = {1, 2, 3, 4};
    assertThatThrownBy(() -> new FloatRows(FloatRows.of(four, 2).segment(), -2, -2))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> FloatRows.of(four, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> FloatRows.of(four, 3)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void refusesATokenizersIdsOutsideTheHost() {
    int[] ids = host.tokenizer().encode("a~");
    assertThat(Arrays.stream(ids).max().orElseThrow()).isGreaterThan(host.logitWidth());
    assertThatThrownBy(() -> model.generate(GenerationRequest.of("a~")))
        .isInstanceOf(ContractViolationException.class)
        .hasMessageContainingAll("tokenizer", "host", "20");
    assertThatThrownBy(() -> model.score("a~")).isInstanceOf(ContractViolationException.class);
  }
}
