package dev.mneme.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.mneme.ClosedException;
import dev.mneme.FloatRows;
import dev.mneme.HostIdentity;
import dev.mneme.HostModel;
import dev.mneme.HostSession;
import dev.mneme.Rows;
import dev.mneme.Tap;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link HostModel} promises; extend it and say how to open one. */
public abstract class HostModelContract extends SessionContract<HostSession> {

  private HostModel model;

  /** A fresh host; this suite closes it. */
  protected abstract HostModel open();

  /** A text its tokenizer knows. */
  protected abstract String sampleText();

  @BeforeEach
  void openModel() {
    model = open();
  }

  @AfterEach
  void closeModel() {
    model.close();
  }

  @Override
  protected HostSession openSession() {
    return model.openSession(1);
  }

  @Override
  protected FloatRows extend(HostSession session, int[] tokens, Rows rows) {
    return session.forward(tokens, rows);
  }

  @Override
  protected int logitWidth() {
    return model.logitWidth();
  }

  @Test
  void saysWhatItIs() {
    assertThat(model.name()).isNotBlank();
    assertThat(model.vocabulary().size()).isPositive();
    assertThat(model.logitWidth()).isGreaterThanOrEqualTo(model.vocabulary().size());
    assertThat(model.contextLength()).isPositive();
  }

  @Test
  void aClosedModelOpensNoSession() {
    model.close();
    assertThatThrownBy(() -> model.openSession(1)).isInstanceOf(ClosedException.class);
  }

  private static final List<Tap> TAPS =
      List.of(
          Tap.lastFeedForwardInput(),
          new Tap(Tap.LAST_BLOCK, Tap.Point.BLOCK_OUTPUT),
          new Tap(0, Tap.Point.FEED_FORWARD_INPUT),
          new Tap(0, Tap.Point.BLOCK_OUTPUT));

  private static float[] copy(FloatRows rows) {
    return rows.segment().toArray(ValueLayout.JAVA_FLOAT);
  }

  private void assertClose(float[] actual, float[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.length; i++) {
      assertThat((double) actual[i]).as("float %d", i).isCloseTo(expected[i], within(tolerance()));
    }
  }

  @Test
  void givesAnActivationForEachRowOfLogits() {
    assumeThat(model.identity()).as("this host gives activations").isPresent();
    int[] tokens = Arrays.copyOf(someTokens(), 6);
    try (HostSession session = model.openSession(1, Set.copyOf(TAPS))) {
      for (Tap tap : TAPS) {
        int width = model.activationWidth(tap).orElseThrow();
        assertThat(width).isEqualTo(model.identity().orElseThrow().width());
        session.truncate(0);
        session.forward(tokens, Rows.NONE);
        assertThat(session.activations(tap).count()).isZero();
        session.forward(tokens, Rows.LAST);
        assertThat(session.activations(tap).count()).isOne();
        session.forward(tokens, Rows.ALL);
        FloatRows all = session.activations(tap);
        assertThat(all.count()).isEqualTo(tokens.length);
        assertThat(all.width()).isEqualTo(width);
        assertThat(copy(all)).as(tap.toString()).doesNotContain(Float.NaN).isNotEmpty();
      }
    }
  }

  @Test
  void givesTheSameActivationsForTokensTogetherAndOneByOne() {
    assumeThat(model.identity()).as("this host gives activations").isPresent();
    int[] tokens = Arrays.copyOf(someTokens(), 6);
    try (HostSession together = model.openSession(1, Set.copyOf(TAPS));
        HostSession single = model.openSession(1, Set.copyOf(TAPS))) {
      together.forward(tokens, Rows.ALL);
      for (int i = 0; i < tokens.length; i++) {
        single.forward(new int[] {tokens[i]}, Rows.LAST);
        for (Tap tap : TAPS) {
          FloatRows all = together.activations(tap);
          assertClose(copy(single.activations(tap)), all.row(i).toArray(ValueLayout.JAVA_FLOAT));
        }
      }
    }
  }

  @Test
  void givesTheSameLogitsWithTapsAndWithout() {
    assumeThat(model.identity()).as("this host gives activations").isPresent();
    int[] tokens = Arrays.copyOf(someTokens(), 6);
    try (HostSession tapped = model.openSession(1, Set.copyOf(TAPS));
        HostSession plain = model.openSession(1)) {
      assertThat(copy(tapped.forward(tokens, Rows.ALL)))
          .isEqualTo(copy(plain.forward(tokens, Rows.ALL)));
    }
  }

  @Test
  void aTapCountedFromTheEndIsTheSamePlace() {
    assumeThat(model.identity()).as("this host gives activations").isPresent();
    int blocks = model.identity().orElseThrow().blocks();
    for (Tap.Point point : Tap.Point.values()) {
      Tap first = new Tap(0, point);
      Tap same = new Tap(-blocks, point);
      try (HostSession session = model.openSession(1, Set.of(first, same))) {
        session.forward(someTokens(), Rows.LAST);
        assertThat(copy(session.activations(same))).isEqualTo(copy(session.activations(first)));
      }
    }
  }

  @Test
  void hasNoActivationsAtABlockItDoesNotHave() {
    int blocks = model.identity().map(HostIdentity::blocks).orElse(0);
    for (int block : new int[] {blocks, -blocks - 1}) {
      Tap tap = new Tap(block, Tap.Point.FEED_FORWARD_INPUT);
      assertThat(model.activationWidth(tap)).isEmpty();
      assertThatThrownBy(() -> model.openSession(1, Set.of(tap)))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void refusesActivationsThatWereNotAskedFor() {
    try (HostSession session = model.openSession(1)) {
      session.forward(someTokens(), Rows.LAST);
      assertThatThrownBy(() -> session.activations(Tap.lastFeedForwardInput()))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void whatItsTokenizerEncodesItDecodes() {
    String text = sampleText();
    assertThat(model.tokenizer().decode(model.tokenizer().encode(text))).isEqualTo(text);
  }
}
