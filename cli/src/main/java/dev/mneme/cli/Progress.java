package dev.mneme.cli;

import java.time.Duration;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * A progress bar on standard error, shown only in a terminal and once the work has taken a second.
 */
final class Progress implements AutoCloseable {

  private static final long PATIENCE_NANOS = 1_000_000_000L;

  private final String task;
  private final String unit;
  private final long total;
  private final long start = System.nanoTime();
  private final long first;
  private String note = "";
  private @Nullable ProgressBar bar;
  private long done;

  Progress(String task, String unit, long total) {
    this(task, unit, total, 0);
  }

  /**
   * Progress of work that was interrupted.
   *
   * @param total 0 where it is not known
   * @param first done before; it does not count for the speed
   */
  Progress(String task, String unit, long total, long first) {
    this.task = task;
    this.unit = unit;
    this.total = total;
    this.first = first;
    this.done = first;
  }

  /** Whether a person is watching standard error; the launcher knows. */
  static boolean onTerminal() {
    return Boolean.getBoolean("mneme.stderr.terminal");
  }

  void advance(long count) {
    done += count;
    if (bar == null && onTerminal() && System.nanoTime() - start > PATIENCE_NANOS) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(task)
              .setUnit(unit, 1)
              .setInitialMax(total > 0 ? total : -1)
              .startsFrom(first, Duration.ofNanos(System.nanoTime() - start))
              .setStyle(ProgressBarStyle.ASCII)
              .showSpeed()
              .build();
    }
    if (bar != null) {
      bar.setExtraMessage(note);
      bar.stepTo(done);
    }
  }

  /** A figure to show behind the bar from the next step on. */
  void note(String figure) {
    note = figure.isEmpty() ? "" : " " + figure;
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
