package dev.mneme.benchmarks;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Keys in memory as 32-bit floats, searched exactly by all cores: as fast as the machine can read
 * them. For one thread at a time.
 */
final class KeyBlock implements AutoCloseable {

  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final ValueLayout.OfShort HALF =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Arena arena;
  private final MemorySegment keys;
  private final int width;
  private final int size;
  private final float[] distances;

  private KeyBlock(Arena arena, MemorySegment keys, int width, int size) {
    this.arena = arena;
    this.keys = keys;
    this.width = width;
    this.size = size;
    this.distances = new float[size];
  }

  /** Reads at most so many keys from files of half-precision numbers. */
  static KeyBlock read(List<Path> files, int width, int most) throws IOException {
    if (width % SPECIES.length() != 0) {
      throw new IllegalArgumentException("the width must be a multiple of " + SPECIES.length());
    }
    Arena arena = Arena.ofShared();
    MemorySegment keys = arena.allocate((long) most * width * Float.BYTES, 64);
    int size = 0;
    for (Path file : files) {
      try (FileChannel channel = FileChannel.open(file);
          Arena mapping = Arena.ofConfined()) {
        MemorySegment half = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), mapping);
        int count = (int) Math.min(most - size, half.byteSize() / Short.BYTES / width);
        long from = (long) size * width;
        for (long i = 0; i < (long) count * width; i++) {
          keys.setAtIndex(
              ValueLayout.JAVA_FLOAT, from + i, Float.float16ToFloat(half.getAtIndex(HALF, i)));
        }
        size += count;
      }
    }
    return new KeyBlock(arena, keys, width, size);
  }

  int size() {
    return size;
  }

  /** A copy of one key. */
  float[] key(int row) {
    return keys.asSlice((long) row * width * Float.BYTES, (long) width * Float.BYTES)
        .toArray(ValueLayout.JAVA_FLOAT);
  }

  /** The nearest of the first {@code among} keys by squared distance. */
  Neighbours nearest(float[] query, int among, int k) {
    int parts = Runtime.getRuntime().availableProcessors();
    IntStream.range(0, parts)
        .parallel()
        .forEach(
            part ->
                measure(
                    query,
                    (int) ((long) among * part / parts),
                    (int) ((long) among * (part + 1) / parts)));
    return smallest(among, Math.min(k, among));
  }

  private void measure(float[] query, int from, int to) {
    for (int row = from; row < to; row++) {
      long at = (long) row * width * Float.BYTES;
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int i = 0; i < width; i += SPECIES.length()) {
        FloatVector difference =
            FloatVector.fromMemorySegment(
                    SPECIES, keys, at + (long) i * Float.BYTES, ByteOrder.nativeOrder())
                .sub(FloatVector.fromArray(SPECIES, query, i));
        sum = difference.fma(difference, sum);
      }
      distances[row] = sum.reduceLanes(VectorOperators.ADD);
    }
  }

  /** A heap with the largest of the smallest on top. */
  private Neighbours smallest(int among, int k) {
    int[] rows = new int[k];
    for (int i = 0; i < k; i++) {
      rows[i] = i;
    }
    for (int i = k / 2 - 1; i >= 0; i--) {
      sink(rows, i);
    }
    for (int row = k; row < among; row++) {
      if (distances[row] < distances[rows[0]]) {
        rows[0] = row;
        sink(rows, 0);
      }
    }
    float[] found = new float[k];
    for (int i = 0; i < k; i++) {
      found[i] = distances[rows[i]];
    }
    return new Neighbours(rows, found);
  }

  private void sink(int[] heap, int start) {
    int at = start;
    while (true) {
      int child = 2 * at + 1;
      if (child >= heap.length) {
        return;
      }
      if (child + 1 < heap.length && distances[heap[child + 1]] > distances[heap[child]]) {
        child++;
      }
      if (distances[heap[at]] >= distances[heap[child]]) {
        return;
      }
      int row = heap[at];
      heap[at] = heap[child];
      heap[child] = row;
      at = child;
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
