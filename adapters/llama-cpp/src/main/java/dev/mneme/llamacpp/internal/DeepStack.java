package dev.mneme.llamacpp.internal;

import static java.util.Objects.requireNonNull;
import static java.util.Objects.requireNonNullElse;

import com.google.common.util.concurrent.Uninterruptibles;
import dev.mneme.MnemeException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/**
 * Runs native code that recurses deeper than the stack of a Java thread allows, on a thread with a
 * stack of the size that is needed. The stack is address space: only pages that the recursion
 * reaches take memory, and they are returned when the thread ends. Calls with large stacks share
 * half of the machine's memory, so that many at once wait instead of exhausting it. Safe for
 * several threads.
 */
final class DeepStack {

  private static final long MEGABYTE = 1 << 20;

  /** Of a stack at most the half is reached, so that is what must be there as memory. */
  private static final int RESERVE = 2;

  /** Smaller stacks are not counted. */
  private static final long COUNTED = 32 * MEGABYTE;

  private final long memory;
  private final int shared; // megabytes
  private final Semaphore megabytes;

  /**
   * A share of the machine's memory.
   *
   * @param memory bytes the process may use
   */
  DeepStack(long memory) {
    this.memory = memory;
    shared = Math.clamp(memory / 2 / MEGABYTE, 1, Integer.MAX_VALUE);
    megabytes = new Semaphore(shared, true);
  }

  /**
   * Runs a computation and waits for its end, also when the caller is interrupted, whose interrupt
   * status stays set. What it throws is thrown here.
   *
   * @param bytes of stack
   * @param what it does, for messages
   * @throws MnemeException if the machine cannot give such a stack
   */
  <R> R call(long bytes, String what, Supplier<R> computation) {
    if (bytes / RESERVE > memory) {
      throw refused(bytes, what, "the machine has %d MB".formatted(memory / MEGABYTE));
    }
    int counted = bytes < COUNTED ? 0 : (int) Math.min(shared, bytes / RESERVE / MEGABYTE);
    megabytes.acquireUninterruptibly(counted);
    try {
      var task = new FutureTask<>(computation::get);
      try {
        Thread.ofPlatform().daemon().name("mneme-deep-stack").stackSize(bytes).start(task);
      } catch (OutOfMemoryError e) { // how the JVM says that the system gives no such stack
        throw refused(bytes, what, "the system refused it");
      }
      return requireNonNull(Uninterruptibles.getUninterruptibly(task));
    } catch (ExecutionException e) {
      throw LlamaLibrary.failed(requireNonNullElse(e.getCause(), e));
    } finally {
      megabytes.release(counted);
    }
  }

  private static MnemeException refused(long bytes, String what, String reason) {
    return new MnemeException(
        "%s takes a stack of up to %d MB, but %s; break the text into shorter runs of characters"
            .formatted(what, bytes / MEGABYTE, reason));
  }
}
