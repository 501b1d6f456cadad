package dev.mneme.trainer.recipe;

import java.time.Duration;
import java.util.Optional;

/** Told how far the run of a recipe has come; called by the thread that runs it. */
@FunctionalInterface
public interface RunListener {

  /**
   * Where a run stands.
   *
   * @param stage what it is doing
   * @param number of the stage, from 1
   * @param stages how many there are
   * @param unit what is counted
   * @param done of {@code all}
   * @param all 0 where it is not known
   * @param perSecond units done a second since the stage began or went on
   * @param remaining how long the stage will take at that rate
   * @param note a figure to watch, such as the loss; may be empty
   */
  record Status(
      String stage,
      int number,
      int stages,
      String unit,
      long done,
      long all,
      double perSecond,
      Optional<Duration> remaining,
      String note) {}

  /** So far it has come. */
  void at(Status status);
}
