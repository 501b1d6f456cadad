package dev.mneme.trainer.recipe;

import com.google.common.base.Preconditions;
import dev.mneme.djl.LlamaShape;
import dev.mneme.djl.LowRank;
import dev.mneme.djl.NetworkTraining;
import dev.mneme.djl.Processor;
import dev.mneme.trainer.LearningRate;
import dev.mneme.trainer.LearningRate.Decay;

/** The settings of training a network, whatever it learns from. */
public final class NetworkSettings {

  private NetworkSettings() {}

  /** A {@link LlamaShape} but for the vocabulary, which is the tokenizer's. */
  public record Shape(
      @Setting(about = "width of the residual stream", range = "[2, 65536]") int hidden,
      @Setting(about = "blocks", range = "[1, 1000]") int layers,
      @Setting(about = "query heads; they divide hidden into even widths", range = "[1, 1024]")
          int heads,
      @Setting(about = "key and value heads; they divide heads", range = "[1, 1024]") int kvHeads,
      @Setting(about = "width inside the feed-forward block", range = "[1, 1000000]")
          int feedForward,
      @Setting(about = "most tokens in a sequence", range = "[1, 1000000]", byDefault = "512")
          int context,
      @Setting(about = "base of the rotary frequencies", range = "(0, 1e12]", byDefault = "10000")
          double ropeTheta,
      @Setting(
              about = "added to the mean square in every norm",
              range = "(0, 1)",
              byDefault = "1e-5")
          double normEpsilon) {

    public Shape {
      Preconditions.checkArgument(
          hidden % heads == 0 && hidden / heads % 2 == 0,
          "%s heads do not divide a hidden width of %s into even widths",
          heads,
          hidden);
      Preconditions.checkArgument(
          heads % kvHeads == 0, "%s kvHeads do not divide %s heads", kvHeads, heads);
    }

    LlamaShape of(int vocabulary) {
      return new LlamaShape(
          vocabulary, hidden, layers, heads, kvHeads, feedForward, context, ropeTheta, normEpsilon);
    }
  }

  /** {@link LowRank} changes. */
  public record Lora(
      @Setting(about = "of the change of each matrix", range = "[1, 65536]", byDefault = "8")
          int rank,
      @Setting(about = "changes count alpha / rank times", range = "(0, 1e6]", byDefault = "16")
          double alpha,
      @Setting(about = "of the random half of each change", byDefault = "1") long seed) {

    LowRank lowRank() {
      return new LowRank(rank, alpha, seed);
    }
  }

  /** Which windows of the text make a step. */
  public record Batches(
      @Setting(about = "tokens of a window", range = "[1, 1000000]", byDefault = "512") int length,
      @Setting(about = "windows of a step", range = "[1, 100000]", byDefault = "8") int sequences,
      @Setting(about = "of the order of windows", byDefault = "1") long seed) {}

  /** A {@link LearningRate}. */
  public record Rate(
      @Setting(about = "highest learning rate", range = "(0, 1)", byDefault = "0.001") double peak,
      @Setting(about = "steps on the way up, fewer than steps", range = "[0, 1e9]", byDefault = "0")
          long warmup,
      @Setting(about = "all steps", range = "[1, 1e9]") long steps,
      @Setting(about = "the way down", byDefault = "\"cosine\"") Decay decay,
      @Setting(
              about = "where the way down ends, as a share of the peak",
              range = "[0, 1]",
              byDefault = "0.05")
          double floor) {

    public Rate {
      Preconditions.checkArgument(
          warmup < steps, "a warm-up of %s steps does not end within %s steps", warmup, steps);
    }

    LearningRate rate() {
      return new LearningRate(peak, warmup, steps, decay, floor);
    }
  }

  /** AdamW. */
  public record Optimiser(
      @Setting(about = "decay of the gradients' mean", range = "[0, 1)", byDefault = "0.9")
          double beta1,
      @Setting(about = "decay of the gradients' mean square", range = "[0, 1)", byDefault = "0.95")
          double beta2,
      @Setting(about = "weight decay of matrices", range = "[0, 1]", byDefault = "0.1")
          double weightDecay,
      @Setting(
              about = "largest norm of all gradients together",
              range = "(0, 1e9]",
              byDefault = "1")
          double clipNorm) {

    NetworkTraining.Settings settings() {
      return new NetworkTraining.Settings(beta1, beta2, weightDecay, clipNorm);
    }
  }

  /** Whether products are computed in bfloat16. */
  public enum Bfloat16 {
    /** Where the processor multiplies it. */
    AUTO,
    TRUE,
    FALSE;

    boolean onThisProcessor() {
      return this == TRUE || (this == AUTO && Processor.multipliesBfloat16());
    }
  }

  /** How to compute; another choice gives the same network but for rounding. */
  public record Compute(
      @Setting(
              about = "processor threads; 0 for one per core; --threads goes before",
              range = "[0, 1024]",
              byDefault = "0")
          int threads,
      @Setting(
              about = "products in bfloat16: auto where the processor multiplies it",
              byDefault = "\"auto\"")
          Bfloat16 bfloat16,
      @Setting(
              about = "minutes between checkpoints; 0 for one every step",
              range = "[0, 1440]",
              byDefault = "3")
          double checkpointMinutes,
      @Setting(about = "steps between points of the curve", range = "[1, 1e9]", byDefault = "100")
          long pointEvery,
      @Setting(
              about = "steps' worth of validation text measured at every point",
              range = "[1, 100000]",
              byDefault = "4")
          int validationBatches) {}
}
