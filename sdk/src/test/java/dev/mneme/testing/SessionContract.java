package dev.mneme.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.mneme.ClosedException;
import dev.mneme.ContextOverflowException;
import dev.mneme.FloatRows;
import dev.mneme.Rows;
import dev.mneme.Session;
import dev.mneme.StaleValueException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** What every session promises, host's or memory's. */
abstract class SessionContract<S extends Session> {

  /** A fresh session on this thread; the subclass closes its model after each test. */
  protected abstract S openSession();

  protected abstract FloatRows extend(S session, int[] tokens, Rows rows);

  protected abstract int logitWidth();

  /** At least 12 ids the model accepts. */
  protected abstract int[] someTokens();

  /** Largest difference allowed between two ways to compute one logit. */
  protected double tolerance() {
    return 0;
  }

  private float[] extendCopying(S session, int[] tokens, Rows rows) {
    return extend(session, tokens, rows).segment().toArray(ValueLayout.JAVA_FLOAT);
  }

  private float[] lastRowOfFresh(int[] tokens) {
    try (S session = openSession()) {
      return extendCopying(session, tokens, Rows.LAST);
    }
  }

  private void assertSameRow(float[] actual, float[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.length; i++) {
      assertThat((double) actual[i]).as("logit %d", i).isCloseTo(expected[i], within(tolerance()));
    }
  }

  @Test
  void givesNoRowOneRowOrOneRowPerTokenAsAsked() {
    int[] tokens = Arrays.copyOf(someTokens(), 5);
    try (S session = openSession()) {
      assertThat(extend(session, tokens, Rows.NONE).count()).isZero();
      assertThat(extend(session, tokens, Rows.LAST).count()).isOne();
      FloatRows all = extend(session, tokens, Rows.ALL);
      assertThat(all.count()).isEqualTo(5);
      assertThat(all.width()).isEqualTo(logitWidth());
      assertThat(session.length()).isEqualTo(15);
    }
  }

  @Test
  void theLastOfAllRowsIsTheLastRow() {
    int[] tokens = Arrays.copyOf(someTokens(), 7);
    try (S session = openSession()) {
      float[] all = extendCopying(session, tokens, Rows.ALL);
      assertSameRow(
          Arrays.copyOfRange(all, 6 * logitWidth(), 7 * logitWidth()), lastRowOfFresh(tokens));
    }
  }

  @Test
  void tokensOneByOneGiveWhatTheyGiveTogether() {
    int[] tokens = Arrays.copyOf(someTokens(), 8);
    try (S session = openSession()) {
      float[] last = new float[0];
      for (int token : tokens) {
        last = extendCopying(session, new int[] {token}, Rows.LAST);
      }
      assertSameRow(last, lastRowOfFresh(tokens));
    }
  }

  @Test
  void aTruncatedSessionContinuesLikeAFreshOne() {
    int[] tokens = Arrays.copyOf(someTokens(), 10);
    int[] kept = Arrays.copyOf(tokens, 4);
    int[] other = {tokens[9], tokens[8], tokens[7]};
    int[] joined = Arrays.copyOf(kept, 7);
    System.arraycopy(other, 0, joined, 4, 3);
    try (S session = openSession()) {
      extend(session, tokens, Rows.NONE);
      session.truncate(4);
      assertThat(session.length()).isEqualTo(4);
      assertSameRow(extendCopying(session, other, Rows.LAST), lastRowOfFresh(joined));
      session.truncate(0);
      assertSameRow(extendCopying(session, tokens, Rows.LAST), lastRowOfFresh(tokens));
    }
  }

  @Test
  void refusesToTruncateOutsideTheSequence() {
    try (S session = openSession()) {
      extend(session, Arrays.copyOf(someTokens(), 3), Rows.NONE);
      assertThatThrownBy(() -> session.truncate(4)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> session.truncate(-1)).isInstanceOf(IllegalArgumentException.class);
      assertThat(session.length()).isEqualTo(3);
    }
  }

  @Test
  void sessionsDoNotSeeEachOther() {
    int[] tokens = Arrays.copyOf(someTokens(), 6);
    try (S first = openSession();
        S second = openSession()) {
      extend(second, new int[] {tokens[5], tokens[4]}, Rows.NONE);
      assertSameRow(extendCopying(first, tokens, Rows.LAST), lastRowOfFresh(tokens));
      assertThat(second.length()).isEqualTo(2);
    }
  }

  @Test
  void refusesIdsThatAreNoTokensAndNamesThem() {
    int tooLarge = logitWidth();
    try (S session = openSession()) {
      assertThatThrownBy(() -> extend(session, new int[] {someTokens()[0], -1}, Rows.LAST))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("-1");
      assertThatThrownBy(() -> extend(session, new int[] {tooLarge}, Rows.LAST))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(Integer.toString(tooLarge));
      assertThat(session.length()).isZero();
    }
  }

  @Test
  void refusesEmptyAndOverlongBatches() {
    try (S session = openSession()) {
      int[] overlong = new int[session.maxBatch() + 1];
      Arrays.fill(overlong, someTokens()[0]);
      assertThatThrownBy(() -> extend(session, new int[0], Rows.LAST))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> extend(session, overlong, Rows.LAST))
          .isInstanceOfAny(IllegalArgumentException.class, ContextOverflowException.class);
      assertThat(session.length()).isZero();
    }
  }

  @Test
  void aFullSessionRefusesMoreAndStaysUsable() {
    int token = someTokens()[0];
    try (S session = openSession()) {
      assumeThat(session.capacity()).as("a session that keeps its past").isLessThan(1 << 20);
      while (session.length() < session.capacity()) {
        int count = Math.min(session.maxBatch(), session.capacity() - session.length());
        int[] batch = new int[count];
        Arrays.fill(batch, token);
        extend(session, batch, Rows.NONE);
      }
      assertThatThrownBy(() -> extend(session, new int[] {token}, Rows.LAST))
          .isInstanceOf(ContextOverflowException.class)
          .hasMessageContaining(Integer.toString(session.capacity()));
      assertThat(session.length()).isEqualTo(session.capacity());
      session.truncate(session.capacity() - 1);
      assertThat(extend(session, new int[] {token}, Rows.LAST).count()).isOne();
    }
  }

  @Test
  void refusesCallsFromAnotherThread() {
    try (S session = openSession()) {
      assertThatThrownBy(() -> CompletableFuture.supplyAsync(session::length).join())
          .isInstanceOf(CompletionException.class)
          .hasCauseInstanceOf(WrongThreadException.class);
      assertThatThrownBy(() -> CompletableFuture.runAsync(session::close).join())
          .hasCauseInstanceOf(WrongThreadException.class);
      assertThat(session.length()).isZero();
    }
  }

  @Test
  void refusesUseAfterCloseButNotASecondClose() {
    S session = openSession();
    session.close();
    session.close();
    assertThatThrownBy(session::length).isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> session.truncate(0)).isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> extend(session, new int[] {someTokens()[0]}, Rows.LAST))
        .isInstanceOf(ClosedException.class);
  }

  @Test
  void rowsRefuseToBeReadOnceTheSessionGoesOn() {
    int[] tokens = Arrays.copyOf(someTokens(), 4);
    try (S session = openSession()) {
      FloatRows first = extend(session, tokens, Rows.LAST);
      assertThat(first.get(0, 0)).isNotNaN();
      FloatRows second = extend(session, tokens, Rows.ALL);
      assertThatThrownBy(() -> first.get(0, 0)).isInstanceOf(StaleValueException.class);
      assertThat(second.get(3, 0)).isNotNaN();
      session.truncate(1);
      assertThatThrownBy(() -> second.row(0)).isInstanceOf(StaleValueException.class);
    }
  }

  @Test
  void rowsAndWhatWasTakenOfThemRefuseToBeReadAfterClose() {
    FloatRows rows;
    MemorySegment row;
    try (S session = openSession()) {
      rows = extend(session, Arrays.copyOf(someTokens(), 4), Rows.LAST);
      row = rows.row(0);
    }
    assertThatThrownBy(() -> rows.get(0, 0)).isInstanceOf(StaleValueException.class);
    assertThatThrownBy(rows::segment).isInstanceOf(StaleValueException.class);
    assertThat(row.isNative() && row.scope().isAlive()).as("freed memory can be read").isFalse();
  }
}
