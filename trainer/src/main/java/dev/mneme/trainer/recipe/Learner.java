package dev.mneme.trainer.recipe;

import dev.mneme.djl.Examples;
import dev.mneme.djl.TrainableNetwork;
import dev.mneme.trainer.LanguageModelData;
import dev.mneme.trainer.NetworkSource;
import dev.mneme.trainer.TokenFile;
import dev.mneme.trainer.TrainingData;
import java.nio.file.Path;
import java.util.function.IntFunction;

/**
 * What is special about training one kind of network: where it begins, what it learns from, how it
 * is measured and written. Made after everything the recipe names was found to fit. Used by one
 * thread.
 */
interface Learner<N extends TrainableNetwork<B>, B extends Examples>
    extends NetworkSource<N>, AutoCloseable {

  /** The learner of a recipe; the caller closes it. */
  static Learner<?, ?> of(NetworkRecipe recipe, Workspace workspace, boolean bfloat16) {
    return switch (recipe) {
      case LanguageModelRecipe model -> {
        DecoderLearner decoder = DecoderLearner.of(model, workspace, bfloat16);
        yield model.lora().isEmpty()
            ? decoder
            : new LowRankLearner(decoder, model.lora().get().lowRank());
      }
      case MemoryDecoderRecipe memory -> DecoderLearner.of(memory, workspace, bfloat16);
      case MlpMemoryRecipe memory -> MlpLearner.of(memory, workspace, bfloat16);
    };
  }

  /** What the network begins as, for a checkpoint to be told from others by. */
  String origin();

  /** Weights of the whole network. */
  long parameters();

  /** Tokens of a window of validation text. */
  int length();

  /** Windows of validation text measured at once, as far as there are so many. */
  int sequences();

  /** What it learns. */
  TrainingData<B> data(TokenFile tokens, MemoryTargets targets);

  /**
   * Mean -log p of the tokens that follow, in nats.
   *
   * @param batches of the text to measure
   */
  double loss(N network, LanguageModelData text, int batches);

  /**
   * Writes a network as Hugging Face publishes it, with half precision weights.
   *
   * @param beginAndEnd the id that begins and ends a text
   */
  void save(N network, Path directory, int beginAndEnd);

  @Override
  default void close() {}

  /** Mean of the losses of all batches together. */
  static double mean(int batches, IntFunction<float[]> losses) {
    double sum = 0;
    long count = 0;
    for (int i = 0; i < batches; i++) {
      for (float loss : losses.apply(i)) {
        sum += loss;
        count++;
      }
    }
    return sum / count;
  }
}
