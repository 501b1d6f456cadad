package dev.mneme.llamacpp.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class CoreShareTest {

  @Test
  void aCallAloneGetsWhatItWantsUpToTheCores() {
    var cores = new CoreShare(4);
    assertThat(cores.take(3)).isEqualTo(3);
    cores.giveBack(3);
    assertThat(cores.take(512)).isEqualTo(4);
  }

  @Test
  void laterCallsGetWhatIsLeftAndOneThreadAtLeast() {
    var cores = new CoreShare(4);
    assertThat(cores.take(3)).isEqualTo(3);
    assertThat(cores.take(3)).isEqualTo(1);
    assertThat(cores.take(3)).isEqualTo(1);
    assertThat(cores.take(1)).isEqualTo(1);
  }

  @Test
  void whatIsGivenBackIsSharedAgain() {
    var cores = new CoreShare(4);
    int first = cores.take(2);
    int second = cores.take(4);
    assertThat(second).isEqualTo(2);
    cores.giveBack(first);
    assertThat(cores.take(4)).isEqualTo(2);
    cores.giveBack(2);
    cores.giveBack(second);
    assertThat(cores.take(4)).isEqualTo(4);
  }

  @Test
  void oneCoreGivesOneThread() {
    assertThat(new CoreShare(1).take(8)).isEqualTo(1);
  }

  /** A call may have one thread on a full machine, but never a second. */
  @Test
  void manyCallsAtOnceNeverHaveMoreThanTheCoresBeyondOneEach() throws Exception {
    int callers = 8;
    int cores = 5;
    var share = new CoreShare(cores);
    var beyondOne = new AtomicInteger();
    try (var pool = Executors.newFixedThreadPool(callers)) {
      var results = new ArrayList<Future<Integer>>();
      for (int caller = 0; caller < callers; caller++) {
        var random = new Random(caller);
        Callable<Integer> work =
            () -> {
              int most = 0;
              for (int i = 0; i < 20_000; i++) {
                int wanted = 1 + random.nextInt(cores + 2);
                int given = share.take(wanted);
                assertThat(given).isBetween(1, wanted);
                most = Math.max(most, beyondOne.addAndGet(given - 1));
                beyondOne.addAndGet(1 - given);
                share.giveBack(given);
              }
              return most;
            };
        results.add(pool.submit(work));
      }
      for (Future<Integer> result : results) {
        assertThat(result.get()).isLessThan(cores);
      }
    }
    assertThat(share.take(100)).as("all given back").isEqualTo(cores);
  }
}
