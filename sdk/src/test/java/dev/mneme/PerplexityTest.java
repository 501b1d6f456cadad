package dev.mneme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mneme.testing.BigramModel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PerplexityTest {

  private final BigramModel host = new BigramModel("host", 1);
  private final BigramModel law = new BigramModel("law", 2);
  private final MemoryAugmentedModel model = MemoryAugmentedModel.over(host);

  @AfterEach
  void close() {
    model.close();
    assertThat(host.openSessions() + law.openSessions()).isZero();
  }

  private static int[] document(int length) {
    int[] ids = new int[length];
    for (int i = 1; i < length; i++) {
      ids[i] = 2 + (i * i * 7 + i) % 18;
    }
    return ids;
  }

  @Test
  void aDocumentInOneWindowHasThePerplexityOfItsScore() {
    model.attach(law, LambdaPolicy.fixed(0.4));
    int[] ids = document(50);
    Score score = model.score(ids);
    try (var perplexity = new Perplexity(model, 64, 32)) {
      perplexity.add(ids);
      Perplexity.Result result = perplexity.result();
      assertThat(result.tokens()).isEqualTo(49);
      assertThat(result.mixture().perplexity()).isCloseTo(score.perplexity(), within(1e-9));
      double hostNll = -score.tokens().stream().mapToDouble(TokenScore::host).sum();
      assertThat(result.host().nll()).isCloseTo(hostNll, within(1e-9));
      Perplexity.Figures law = java.util.Objects.requireNonNull(result.memories().get("law"));
      double lawNll = -score.tokens().stream().mapToDouble(t -> t.memories().get("law")).sum();
      assertThat(law.nll()).isCloseTo(lawNll, within(1e-9));
      assertThat(result.bytes()).isEqualTo(49);
      assertThat(result.host().bitsPerByte()).isCloseTo(hostNll / Math.log(2) / 49, within(1e-9));
    }
  }

  /** The fake looks back two tokens, so any window with that much context scores the same. */
  @Test
  void everyIdIsScoredOnceWhateverTheWindow() {
    int[] ids = document(200);
    double[] nll = new double[3];
    int[][] windows = {{64, 32}, {17, 5}, {33, 31}};
    for (int i = 0; i < windows.length; i++) {
      try (var perplexity = new Perplexity(model, windows[i][0], windows[i][1])) {
        perplexity.add(ids);
        assertThat(perplexity.result().tokens()).isEqualTo(199);
        nll[i] = perplexity.result().host().nll();
      }
    }
    assertThat(nll[1]).isCloseTo(nll[0], within(1e-9));
    assertThat(nll[2]).isCloseTo(nll[0], within(1e-9));
  }

  @Test
  void documentsDoNotSeeEachOther() {
    double first;
    try (var perplexity = new Perplexity(model, 32, 16)) {
      perplexity.add(document(40));
      first = perplexity.result().host().nll();
      perplexity.add(document(40));
      assertThat(perplexity.result().host().nll()).isCloseTo(2 * first, within(1e-9));
      perplexity.add(0);
      assertThat(perplexity.result().tokens()).isEqualTo(78);
    }
  }

  @Test
  void refusesWindowsThatDoNotFitOrDoNotMove() {
    assertThatThrownBy(() -> new Perplexity(model, 1000, 500))
        .isInstanceOf(ContextOverflowException.class)
        .hasMessageContaining("64");
    assertThatThrownBy(() -> new Perplexity(model, 32, 32))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Perplexity(model, 32, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void refusesAResultOfNothing() {
    try (var perplexity = new Perplexity(model, 32, 16)) {
      assertThatThrownBy(perplexity::result)
          .isInstanceOf(MnemeException.class)
          .hasMessageContaining("no token has been scored");
    }
  }
}
