package dev.mneme;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A session with a platform thread of its own. Engines keep state per calling thread (OpenMP a
 * whole worker team), so a session's calls all come from one thread that does nothing else.
 */
final class Lane<S extends Session> implements AutoCloseable {

  private final ExecutorService thread;
  private final S session;

  Lane(String name, Supplier<S> opener) {
    thread =
        Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("mneme-" + name).factory());
    try {
      session = await(thread.submit(opener::get));
    } catch (RuntimeException | Error e) {
      thread.shutdown();
      throw e;
    }
  }

  /** Starts a call on the session's thread. */
  <R> Future<R> start(Function<S, R> call) {
    return thread.submit(() -> call.apply(session));
  }

  /** Makes a call on the session's thread and waits for it. */
  <R> R call(Function<S, R> call) {
    return await(start(call));
  }

  /**
   * Waits for a call, even through an interrupt, whose status it leaves set: the engine is at work
   * on memory that must not be freed meanwhile. What the call threw is thrown here.
   */
  static <R> R await(Future<R> future) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          switch (e.getCause()) {
            case RuntimeException cause -> throw cause;
            case Error cause -> throw cause;
            case null, default -> throw new MnemeException("a model call failed", e);
          }
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    try {
      await(
          thread.submit(
              () -> {
                session.close();
                return true;
              }));
    } finally {
      thread.shutdown();
    }
  }
}
