package dev.mneme.trainer.recipe;

import dev.mneme.djl.Batch;
import dev.mneme.djl.DecoderNetwork;
import dev.mneme.djl.LowRank;
import dev.mneme.djl.LowRankNetwork;
import dev.mneme.store.safetensors.SafeTensorsFile;
import dev.mneme.trainer.LanguageModelData;
import dev.mneme.trainer.TokenFile;
import dev.mneme.trainer.TrainingData;
import java.nio.file.Path;
import java.util.Optional;

/** Trains low-rank changes of a decoder; measured and written merged into it. */
record LowRankLearner(DecoderLearner decoder, LowRank settings)
    implements Learner<LowRankNetwork, Batch> {

  @Override
  public LowRankNetwork begin() {
    return LowRankNetwork.random(decoder.begin(), settings);
  }

  @Override
  public LowRankNetwork read(SafeTensorsFile checkpoint) {
    return LowRankNetwork.of(decoder.decoder(), settings, checkpoint, decoder.bfloat16());
  }

  @Override
  public String shape() {
    return decoder.shape();
  }

  @Override
  public Optional<LowRank> changes() {
    return Optional.of(settings);
  }

  @Override
  public String origin() {
    return decoder.origin();
  }

  @Override
  public long parameters() {
    return decoder.parameters();
  }

  @Override
  public int length() {
    return decoder.length();
  }

  @Override
  public int sequences() {
    return decoder.sequences();
  }

  @Override
  public TrainingData<Batch> data(TokenFile tokens, MemoryTargets targets) {
    return decoder.data(tokens, targets);
  }

  @Override
  public double loss(LowRankNetwork network, LanguageModelData text, int batches) {
    try (DecoderNetwork merged = network.merged()) {
      return decoder.loss(merged, text, batches);
    }
  }

  @Override
  public void save(LowRankNetwork network, Path directory, int beginAndEnd) {
    try (DecoderNetwork merged = network.merged()) {
      decoder.save(merged, directory, beginAndEnd);
    }
  }
}
