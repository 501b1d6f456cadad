package dev.mneme.store.hub;

import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tries again what failed for a reason that may pass, with longer and longer pauses in between.
 *
 * @param attempts that fail one after the other without any progress before it is given up
 * @param firstPause doubles from attempt to attempt; up to half of it is added by chance, so that
 *     many clients do not come back all at once
 * @param longestPause also where a server asks for more
 * @param pause waits; a test does not
 */
record Retries(int attempts, Duration firstPause, Duration longestPause, Pause pause) {

  private static final Logger log = LoggerFactory.getLogger(Retries.class);

  /** Waiting. */
  interface Pause {
    void take(Duration length) throws InterruptedException;
  }

  /** What may be tried again. */
  interface Attempt<T> {

    /**
     * Tries.
     *
     * @throws PassingException if it may be tried again
     * @throws IOException likewise
     */
    T run() throws IOException, InterruptedException;

    /**
     * How far earlier attempts got, in steps of which there are not too many: an attempt that gets
     * a step further starts the count anew.
     */
    long progress();
  }

  /** A server's refusal that may pass. */
  static final class PassingException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient Optional<Duration> wait;

    /**
     * A refusal.
     *
     * @param wait how long the server asks to wait
     */
    PassingException(String message, Optional<Duration> wait) {
      super(message);
      this.wait = wait;
    }
  }

  static final Retries STANDARD =
      new Retries(5, Duration.ofSeconds(1), Duration.ofMinutes(2), Thread::sleep);

  /**
   * Runs an attempt until it succeeds.
   *
   * @param what is tried, for messages
   * @throws MnemeException when it is given up, or this thread is interrupted
   */
  <T> T run(String what, Attempt<T> attempt) {
    int failed = 0;
    while (true) {
      long before = attempt.progress();
      try {
        return attempt.run();
      } catch (IOException e) {
        failed = attempt.progress() > before ? 1 : failed + 1;
        if (failed >= attempts) {
          throw new MnemeException(
              "%s failed %d times, the last time with: %s; try again later, what has come so far is kept"
                  .formatted(what, failed, FailureText.of(e)),
              e);
        }
        waitBefore(what, failed, e);
      } catch (InterruptedException e) {
        throw interrupted(what, e);
      }
    }
  }

  private void waitBefore(String what, int failed, IOException e) {
    double spread = 1 + RandomGenerator.getDefault().nextDouble() / 2;
    Duration own = Duration.ofNanos((long) (firstPause.toNanos() * spread * (1L << (failed - 1))));
    Duration asked = e instanceof PassingException passing ? passing.wait.orElse(own) : own;
    Duration length = asked.compareTo(longestPause) < 0 ? asked : longestPause;
    log.warn("{} failed ({}), trying again in {} ms", what, FailureText.of(e), length.toMillis());
    try {
      pause.take(length);
    } catch (InterruptedException interrupt) {
      throw interrupted(what, interrupt);
    }
  }

  private static MnemeException interrupted(String what, InterruptedException e) {
    Thread.currentThread().interrupt();
    return new MnemeException(what + " was interrupted", e);
  }
}
