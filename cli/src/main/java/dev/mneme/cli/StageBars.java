package dev.mneme.cli;

import dev.mneme.trainer.recipe.RunListener;
import org.jspecify.annotations.Nullable;

/** One {@link Progress} bar after the other for the stages of a recipe. */
final class StageBars implements RunListener, AutoCloseable {

  private @Nullable Progress bar;
  private int number;
  private long done;

  @Override
  public void at(Status status) {
    if (bar == null || status.number() != number) {
      close();
      String task = "%d/%d %s".formatted(status.number(), status.stages(), status.stage());
      bar = new Progress(task, " " + status.unit(), status.all(), status.done());
      number = status.number();
      done = status.done();
    }
    bar.note(status.note());
    bar.advance(status.done() - done);
    done = status.done();
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
