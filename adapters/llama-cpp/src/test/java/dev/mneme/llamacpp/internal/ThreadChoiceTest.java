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
  void theFirstCallOfOneRowMeasuresOneThread() {
    assertThat(choice.threads(4, 1)).isOne();
    choice.took(1, 4, 1, SINGLE);
    assertThat(choice.threads(4, 1)).isEqualTo(4);
  }

  @Test
  void calmCallsKeepTheirThreads() {
    call(CALM);
    for (int i = 0; i < 1000; i++) {
      assertThat(call(i % 2 == 0 ? CALM : SLOW - 1)).isEqualTo(WANTED);
    }
  }

  @Test
  void oneStallGivesThreadsUp() {
    call(CALM);
    assertThat(call(STALLED)).isEqualTo(WANTED);
    assertThat(rest()).isEqualTo(32);
  }

  @Test
  void justBelowAStallThreadsAreKept() {
    call(CALM);
    call(STALLED - 1);
    assertThat(call(CALM)).isEqualTo(WANTED);
  }

  @Test
  void threeSlowCallsInARowGiveThreadsUp() {
    call(CALM);
    calls(2, SLOW);
    assertThat(call(CALM)).isEqualTo(WANTED);
    calls(2, SLOW);
    assertThat(call(SLOW)).isEqualTo(WANTED);
    assertThat(rest()).isEqualTo(32);
  }

  @Test
  void slowCallsBeforeARestAreForgottenAfterIt() {
    call(CALM);
    calls(3, SLOW);
    rest();
    calls(2, SLOW);
    assertThat(call(CALM)).isEqualTo(WANTED);
  }

  @Test
  void eachRestIsTwiceAsLongUpToALimit() {
    call(CALM);
    int[] rests = new int[8];
    for (int i = 0; i < rests.length; i++) {
      call(STALLED);
      rests[i] = rest();
    }
    assertThat(rests).containsExactly(32, 64, 128, 256, 512, 1024, 1024, 1024);
  }

  @Test
  void enoughGoodCallsMakeTheNextRestShortAgain() {
    call(CALM);
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
    call(CALM);
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
    call(CALM);
    call(STALLED);
    while (choice.threads(WANTED, 1) == 1) {
      choice.took(1, WANTED, 1, 10L * SINGLE); // everything has become slower
    }
    call(STALLED);
    assertThat(call(CALM)).isEqualTo(WANTED);
  }

  @Test
  void callsOfSeveralRowsAreNeitherMeasuredNorCounted() {
    assertThat(choice.threads(WANTED, 8)).isEqualTo(WANTED);
    choice.took(WANTED, WANTED, 8, 1);
    assertThat(choice.threads(WANTED, 1)).as("still to be measured").isOne();
    call(CALM);
    for (int i = 0; i < 10; i++) {
      choice.took(WANTED, WANTED, 2, 100 * STALLED);
    }
    assertThat(call(CALM)).isEqualTo(WANTED);
  }

  @Test
  void aRestIsForCallsOfSeveralRowsTooButOnlyThoseOfOneRowEndIt() {
    call(CALM);
    call(STALLED);
    for (int i = 0; i < 100; i++) {
      assertThat(choice.threads(WANTED, 8)).isOne();
      choice.took(1, WANTED, 8, 5000);
    }
    assertThat(rest()).isEqualTo(32);
  }

  @Test
  void callsThatWantOneThreadAreNotCounted() {
    for (int i = 0; i < 10; i++) {
      assertThat(choice.threads(1, 1)).isOne();
      choice.took(1, 1, 1, 1);
    }
    assertThat(choice.threads(WANTED, 1)).as("still to be measured").isOne();
    call(CALM);
    choice.took(1, 1, 1, 1); // would make every other call a stall
    assertThat(call(CALM)).isEqualTo(WANTED);
    assertThat(call(CALM)).isEqualTo(WANTED);
  }
}
