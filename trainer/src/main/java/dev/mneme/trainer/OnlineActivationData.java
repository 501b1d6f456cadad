package dev.mneme.trainer;

import dev.mneme.djl.ActivationBatch;
import dev.mneme.djl.Batch;
import dev.mneme.djl.DecoderNetwork;

/**
 * What an MLP Memory learns from without a datastore: windows of text, which a teacher reads in
 * every step. Its activations are of full precision and see no further back than their window.
 *
 * @param windows of text, with targets
 * @param teacher stays its owner's
 */
public record OnlineActivationData(TrainingData<Batch> windows, DecoderNetwork teacher)
    implements TrainingData<ActivationBatch> {

  @Override
  public ActivationBatch batch(long step) {
    return ActivationBatch.of(windows.batch(step), teacher);
  }

  @Override
  public String digest() {
    return windows.digest() + ", read by the teacher";
  }
}
