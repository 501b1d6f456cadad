package dev.mneme.store.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs a fuzzer on a thread of its own and looks at it from outside, so that a reader that never
 * comes back is found too. Its limit is of processor time, which a busy machine does not use up;
 * waiting, which no reader has reason for, gets thirty times as much. Used by one thread.
 */
public final class FuzzWatch {

  private static final int WAITING = 30;
  private static final long LOOK_EVERY_MILLIS = 50;

  private final Fuzzer fuzzer;
  private final Duration limit;
  private final Map<String, Tally> tallies = new LinkedHashMap<>();
  private final Queue<Finding> findings = new ConcurrentLinkedQueue<>();
  private volatile boolean stop;
  private volatile long next;
  private volatile @Nullable Throwable failure;
  private volatile Reading reading = new Reading(-1, 0, 0);

  /** The input under way, and the processor and clock time at which it began. */
  private record Reading(long number, long cpuNanos, long nanos) {}

  /**
   * A watch over a fuzzer.
   *
   * @param limit processor time for one input
   */
  public FuzzWatch(Fuzzer fuzzer, Duration limit) {
    this.fuzzer = fuzzer;
    this.limit = limit;
    fuzzer.targets().forEach(target -> tallies.put(target.name(), new Tally(target.bound())));
  }

  /** What became of the inputs of one target. */
  public Tally tally(String target) {
    return Objects.requireNonNull(tallies.get(target), target);
  }

  /** What was found so far. */
  public List<Finding> findings() {
    return List.copyOf(findings);
  }

  /**
   * Runs inputs from one number to before another; ends early where one takes too long or time is
   * up.
   *
   * @param chosen names of the targets to run; the numbers of others are passed over
   * @param time for all of them
   * @return the number after the last input that was run
   */
  public long run(long from, long to, List<String> chosen, Duration time) {
    var done = new CountDownLatch(1);
    stop = false;
    reading = new Reading(from - 1, 0, System.nanoTime());
    Thread worker =
        Thread.ofPlatform()
            .daemon()
            .name("fuzz")
            .start(
                () -> {
                  try {
                    readAll(from, to, chosen);
                  } catch (Throwable e) { // of the fuzzer itself: readers' are caught there
                    failure = e;
                  } finally {
                    done.countDown();
                  }
                });
    long end = System.nanoTime() + time.toNanos();
    try {
      while (!done.await(LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS)) {
        if (System.nanoTime() - end > 0) {
          stop = true;
        }
        if (hangs(worker)) {
          return reading.number() + 1;
        }
      }
    } catch (InterruptedException e) {
      stop = true;
      Thread.currentThread().interrupt();
    }
    if (failure != null) {
      throw new IllegalStateException("input " + reading.number(), failure);
    }
    return next;
  }

  private void readAll(long from, long to, List<String> chosen) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long number = from;
    for (; number < to && !stop; number++) {
      FuzzTarget target = fuzzer.target(number);
      if (!chosen.contains(target.name())) {
        continue;
      }
      reading = new Reading(number, threads.getCurrentThreadCpuTime(), System.nanoTime());
      byte[] input = fuzzer.input(number);
      Verdict verdict;
      try {
        verdict = Fuzzer.judge(target, input);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      long judged = number;
      tally(target.name()).add(number, input.length, verdict);
      verdict
          .defect()
          .ifPresent(defect -> findings.add(new Finding(judged, target.name(), defect)));
    }
    next = number;
  }

  private boolean hangs(Thread worker) {
    Reading now = reading;
    long cpu = ManagementFactory.getThreadMXBean().getThreadCpuTime(worker.threadId());
    boolean late =
        cpu - now.cpuNanos() > limit.toNanos()
            || System.nanoTime() - now.nanos() > WAITING * limit.toNanos();
    if (!late || !now.equals(reading) || now.number() < 0) {
      return false;
    }
    var trace = new StringBuilder("is not through after " + limit);
    for (StackTraceElement frame : worker.getStackTrace()) {
      trace.append("\n\tat ").append(frame);
    }
    findings.add(new Finding(now.number(), fuzzer.target(now.number()).name(), trace.toString()));
    return true;
  }
}
