package dev.mneme.benchmarks;

import dev.mneme.FloatRows;
import dev.mneme.MemorySession;
import dev.mneme.Rows;
import dev.mneme.llamacpp.LlamaCppOptions;
import dev.mneme.llamacpp.internal.MlpWeights;
import dev.mneme.store.gguf.GgufType;
import dev.mneme.store.hf.MlpShape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Time for a token of an MLP Memory on ggml, random weights, beside the time that merely reading
 * the same file from memory takes with the same number of threads. The two take turns.
 */
public final class MlpBenchmark {

  private static final VectorSpecies<Long> SPECIES = LongVector.SPECIES_PREFERRED;
  private static final int ROUNDS = 15;

  private MlpBenchmark() {}

  /** Arguments: a folder for the models, 120m or 1b, the weight type, the threads. */
  public static void main(String[] args) throws IOException {
    MlpShape shape = args[1].equals("1b") ? RandomModel.MLP_1B : RandomModel.MLP_120M;
    GgufType type = GgufType.valueOf(args[2]);
    int threads = Integer.parseInt(args[3]);
    Path file = Path.of(args[0]).resolve("mlp-%s-%s.gguf".formatted(args[1], type));
    if (!Files.exists(file)) {
      RandomModel.writeMlp(file, shape, type);
    }
    double[] memory = new double[ROUNDS];
    double[] reading = new double[ROUNDS];
    double[] ratios = new double[ROUNDS];
    try (Arena arena = Arena.ofShared();
        FileChannel channel = FileChannel.open(file);
        MlpWeights weights = new MlpWeights(file, shape, LlamaCppOptions.defaults());
        MemorySession session = weights.openSession(threads)) {
      MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      var random = new Random(1);
      float[] activation = new float[shape.input()];
      for (int i = 0; i < activation.length; i++) {
        activation[i] = (float) random.nextGaussian();
      }
      FloatRows row = FloatRows.of(activation, shape.input());
      int each = Math.max(3, (int) (500_000_000L / channel.size()));
      for (int round = -2; round < ROUNDS; round++) {
        long start = System.nanoTime();
        for (int i = 0; i < each; i++) {
          session.recall(new int[] {i}, row, Rows.LAST);
        }
        long between = System.nanoTime();
        for (int i = 0; i < each; i++) {
          read(mapped, threads);
        }
        long end = System.nanoTime();
        if (round >= 0) {
          memory[round] = (between - start) / 1e6 / each;
          reading[round] = (end - between) / 1e6 / each;
          ratios[round] = memory[round] / reading[round];
        }
      }
      Arrays.sort(memory);
      Arrays.sort(reading);
      Arrays.sort(ratios);
      int middle = ROUNDS / 2;
      System.out.printf(
          Locale.ROOT,
          "%s %s, %,d bytes, %d threads: %.2f ms a token, reading %.2f ms (%.1f GB/s), ratio %.2f"
              + " (%.2f to %.2f)%n",
          args[1],
          type,
          channel.size(),
          threads,
          memory[middle],
          reading[middle],
          channel.size() / reading[middle] / 1e6,
          ratios[middle],
          ratios[0],
          ratios[ROUNDS - 1]);
    }
  }

  /** Reads every byte once and adds them up, so that nothing can be left out. */
  private static long read(MemorySegment memory, int threads) {
    long part = memory.byteSize() / threads / 64 * 64;
    return IntStream.range(0, threads)
        .parallel()
        .mapToLong(i -> sum(memory.asSlice(i * part, part)))
        .sum();
  }

  private static long sum(MemorySegment memory) {
    int width = SPECIES.vectorByteSize();
    LongVector a = LongVector.zero(SPECIES);
    LongVector b = LongVector.zero(SPECIES);
    LongVector c = LongVector.zero(SPECIES);
    LongVector d = LongVector.zero(SPECIES);
    ByteOrder order = ByteOrder.nativeOrder();
    for (long at = 0; at + 4L * width <= memory.byteSize(); at += 4L * width) {
      a = a.add(LongVector.fromMemorySegment(SPECIES, memory, at, order));
      b = b.add(LongVector.fromMemorySegment(SPECIES, memory, at + width, order));
      c = c.add(LongVector.fromMemorySegment(SPECIES, memory, at + 2L * width, order));
      d = d.add(LongVector.fromMemorySegment(SPECIES, memory, at + 3L * width, order));
    }
    return a.add(b).add(c.add(d)).reduceLanes(VectorOperators.ADD);
  }
}
