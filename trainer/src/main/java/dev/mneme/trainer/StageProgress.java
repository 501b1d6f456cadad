package dev.mneme.trainer;

/** Told how far a stage has come. */
@FunctionalInterface
public interface StageProgress {

  /**
   * So much is done.
   *
   * @param done of {@code all}, in the stage's own unit
   */
  void at(long done, long all);
}
