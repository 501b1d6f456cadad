package dev.mneme.benchmarks;

import dev.mneme.djl.Batch;
import dev.mneme.djl.DecoderNetwork;
import dev.mneme.djl.LlamaShape;
import dev.mneme.djl.NetworkTraining;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;

/**
 * Tokens a second in training a decoder of 5.26 million weights towards 64 sparse targets a
 * position: 16 sequences of 256, one whole step with optimiser each.
 */
public final class TrainingBenchmark {

  private static final LlamaShape SHAPE =
      new LlamaShape(8_192, 256, 4, 4, 4, 688, 256, 10_000, 1e-5);
  private static final int SEQUENCES = 16;
  private static final int LENGTH = 256;
  private static final int TARGETS = 64;
  private static final int WARMUP = 3;

  private TrainingBenchmark() {}

  /** Arguments: threads, bf16 or f32, steps to measure. */
  public static void main(String[] args) {
    int threads = Integer.parseInt(args[0]);
    boolean bfloat16 = args[1].equals("bf16");
    double[] seconds = new double[Integer.parseInt(args[2])];
    Batch batch = batch();
    try (DecoderNetwork network = DecoderNetwork.random(SHAPE, 1, bfloat16);
        NetworkTraining<Batch> training =
            NetworkTraining.of(network, NetworkTraining.Settings.DEFAULT, threads)) {
      for (int step = -WARMUP; step < seconds.length; step++) {
        long start = System.nanoTime();
        training.step(batch, 1e-3);
        if (step >= 0) {
          seconds[step] = (System.nanoTime() - start) / 1e9;
        }
      }
    }
    Arrays.sort(seconds);
    double median = seconds[seconds.length / 2];
    System.out.printf(
        Locale.ROOT,
        "%d weights, %s, %d threads: median %.0f ms, best %.0f ms a step; %.0f tokens/s%n",
        SHAPE.parameters(),
        args[1],
        threads,
        median * 1e3,
        seconds[0] * 1e3,
        batch.tokens() / median);
  }

  private static Batch batch() {
    var random = new Random(2);
    int positions = SEQUENCES * LENGTH;
    long[] ids = random.longs(positions, 0, SHAPE.vocabulary()).toArray();
    long[] targets = random.longs((long) positions * TARGETS, 0, SHAPE.vocabulary()).toArray();
    float[] weights = new float[targets.length];
    Arrays.fill(weights, 1f / TARGETS);
    return new Batch(SEQUENCES, LENGTH, TARGETS, ids, targets, weights);
  }
}
