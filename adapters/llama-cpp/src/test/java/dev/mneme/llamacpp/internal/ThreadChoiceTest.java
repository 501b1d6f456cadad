package dev.mneme.llamacpp.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Scripted times: one thread takes 100, so 125 is the limit of slow and 400 that of a stall. */
class ThreadChoiceTest {

  private static final int WANTED = 2;
  private static final int SINGLE = 100;
  private static final int CALM = 60;
  private static final int SLOW = 126;
  private static final int STALLED = 401;

  private final ThreadChoice choice = new ThreadChoice();

  /** One call of one row: asks, and says what it took. */
  private int call(long nanos) {
    int threads = choice.threads(WANTED, 1);
    choice.took(threads, WANTED, 1, threads == 1 ? SINGLE : nanos);
    return threads;
  }

  private void calls(int count, long nanos) {
    for (int i = 0; i < count; i++) {
      call(nanos);
    }
  }

  private void measured() {
    calls(2, CALM);
  }

  /** Calls on one thread until there are several again. */
  private int rest() {
    int calls = 0;
    while (choice.threads(WANTED, 1) == 1) {
      call(CALM);
      calls++;
    }
    return calls;
  }

  @Test
  void theFirstTwoCallsOfOneRowMeasureOneThreadAndTheSecondCounts() {
    assertThat(choice.threads(4, 1)).isOne();
    choice.took(1, 4, 1, 1000L * SINGLE); // fetched the weights
    assertThat(choice.threads(4, 1)).isOne();
    choice.took(1, 4, 1, SINGLE);
    assertThat(choice.threads(4, 1)).isEqualTo(4);
    choice.took(4, 4, 1, STALLED);
    assertThat(choice.threads(4, 1)).isOne();
  }

  @Test
  void calmCallsKeepTheirThreads() {
    measured();
    for (int i = 0; i < 1000; i++) {
      assertThat(call(i % 2 == 0 ? CALM : SLOW - 1)).isEqualTo(WANTED);
    }
  }

  @Test
  void oneStallGivesThreadsUp() {
    measured();
    assertThat(call(STALLED)).isEqualTo(WANTED);
    assertThat(rest()).isEqualTo(32);
  }

  @Test
  void justBelowAStallThreadsAreKept() {
    measured();
    call(STALLED - 1);
    assertThat(call(CALM)).isEqualTo(WANTED);
  }

  @Test
  void threeSlowCallsInARowGiveThreadsUp() {
    measured();
    calls(2, SLOW);
    assertThat(call(CALM)).isEqualTo(WANTED);
    calls(2, SLOW);
    assertThat(call(SLOW)).isEqualTo(WANTED);
    assertThat(rest()).isEqualTo(32);
  }

  @Test
  void slowCallsBeforeARestAreForgottenAfterIt() {
    measured();
    calls(3, SLOW);
    rest();
    calls(2, SLOW);
    assertThat(call(CALM)).isEqualTo(WANTED);
  }

  @Test
  void eachRestIsTwiceAsLongUpToALimit() {
    measured();
    int[] rests = new int[8];
    for (int i = 0; i < rests.length; i++) {
      call(STALLED);
      rests[i] = rest();
    }
    assertThat(rests).containsExactly(32, 64, 128, 256, 512, 1024, 1024, 1024);
  }

  @Test
  void enoughGoodCallsMakeTheNextRestShortAgain() {
    measured();
    call(STALLED);
    rest();
    call(STALLED);
    assertThat(rest()).isEqualTo(64);
    calls(32, CALM);
    call(STALLED);
    assertThat(rest()).isEqualTo(32);
  }

  @Test
  void fewerGoodCallsDoNot() {
    measured();
    call(STALLED);
    rest();
    calls(31, CALM);
    call(SLOW);
    calls(31, CALM);
    call(STALLED);
    assertThat(rest()).isEqualTo(64);
  }

  @Test
  void aRestMeasuresOneThreadAnew() {
    measured();
    call(STALLED);
    while (choice.threads(WANTED, 1) == 1) {
      choice.took(1, WANTED, 1, 10L * SINGLE); // everything has become slower
    }
    call(STALLED);
    assertThat(call(CALM)).isEqualTo(WANTED);
  }

  @Test
  void callsOfSeveralRowsAreNotMeasuredAndSlowOnesAreNotCounted() {
    assertThat(choice.threads(WANTED, 8)).isEqualTo(WANTED);
    choice.took(WANTED, WANTED, 8, 1);
    assertThat(choice.threads(WANTED, 1)).as("still to be measured").isOne();
    measured();
    for (int i = 0; i < 10; i++) {
      choice.took(WANTED, WANTED, 8, 8 * (STALLED - 1));
    }
    assertThat(call(CALM)).isEqualTo(WANTED);
  }

  @Test
  void aStallOfSeveralRowsGivesThreadsUp() {
    measured();
    choice.took(WANTED, WANTED, 8, 8 * STALLED);
    assertThat(choice.threads(WANTED, 8)).isOne();
    assertThat(rest()).isEqualTo(32);
  }

  @Test
  void aStallOfSeveralRowsBeforeAnythingWasMeasuredIsNotKnown() {
    choice.took(WANTED, WANTED, 8, 1000 * STALLED);
    assertThat(choice.threads(WANTED, 8)).isEqualTo(WANTED);
  }

  @Test
  void aRestIsForCallsOfSeveralRowsTooAndTheyEndIt() {
    measured();
    call(STALLED);
    for (int i = 0; i < 32; i++) {
      assertThat(choice.threads(WANTED, 8)).isOne();
      choice.took(1, WANTED, 8, 5000);
    }
    assertThat(choice.threads(WANTED, 8)).isEqualTo(WANTED);
  }

  @Test
  void callsThatWantOneThreadAreNotCounted() {
    for (int i = 0; i < 10; i++) {
      assertThat(choice.threads(1, 1)).isOne();
      choice.took(1, 1, 1, 1);
    }
    assertThat(choice.threads(WANTED, 1)).as("still to be measured").isOne();
    measured();
    choice.took(1, 1, 1, 1); // would make every other call a stall
    assertThat(call(CALM)).isEqualTo(WANTED);
    assertThat(call(CALM)).isEqualTo(WANTED);
  }
}
