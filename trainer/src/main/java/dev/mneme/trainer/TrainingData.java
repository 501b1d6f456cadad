package dev.mneme.trainer;

import dev.mneme.djl.Examples;

/**
 * What a network is trained on: a batch for every step, the same one whenever it is asked for, so
 * that an interrupted training goes on where it stopped. Used by one thread.
 *
 * @param <B> kind of batch
 */
public interface TrainingData<B extends Examples> {

  /** The batch of a step, counted from 0. */
  B batch(long step);

  /** What the batches are made from, as a digest: equal digests mean equal batches. */
  String digest();

  /**
   * The same batches, with something more about where the training comes from in the digest.
   *
   * @param origin what a checkpoint must have in common beside the batches
   */
  default TrainingData<B> withOrigin(String origin) {
    TrainingData<B> batches = this;
    return new TrainingData<>() {
      @Override
      public B batch(long step) {
        return batches.batch(step);
      }

      @Override
      public String digest() {
        return batches.digest() + "; " + origin;
      }
    };
  }
}
