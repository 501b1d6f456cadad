package dev.mneme.trainer;

import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.djl.NearestKeys;
import dev.mneme.djl.RoundedKeys;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Compares the queries of a list with the keys of the lists around it only. The keys lie in the
 * scratch file list after list, relative to their mean, so that the keys of a list are one piece.
 */
final class ListedSearch implements KeySearch {

  private static final int CENTRES_AT_ONCE = 256;
  private static final int DROPPED_BITS = 16;

  private final KeyLists all;
  private final int probes;
  private final NearestKeys exact;
  private final RoundedKeys rounded;
  private final Arena arena = Arena.ofShared();
  private final Path scratch;
  private final float[] mean;
  private final MemorySegment keys;
  private final MemorySegment halfNorms;
  private final MemorySegment centres;
  private final int[][] near;

  private ListedSearch(
      Datastore store, KeyLists all, NearestKeys exact, Settings settings, Path scratch)
      throws IOException {
    this.all = all;
    this.probes = Math.min(settings.probes(), all.lists());
    this.exact = exact;
    this.rounded = new RoundedKeys(store.width(), settings.bfloat16());
    this.scratch = scratch;
    this.mean = all.mean();
    this.halfNorms = arena.allocate(ValueLayout.JAVA_FLOAT, store.size());
    this.keys = sort(store);
    this.centres = arena.allocate(ValueLayout.JAVA_SHORT, all.centres.length);
    for (int i = 0; i < all.centres.length; i++) {
      centres.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(all.centres[i]));
    }
    this.near = near();
  }

  static ListedSearch over(Datastore store, Settings settings, Path scratch) {
    var exact = new NearestKeys(store.width());
    try {
      KeyLists all = KeyLists.build(store, exact, settings.lists(), settings.seed());
      return new ListedSearch(store, all, exact, settings, scratch);
    } catch (IOException e) {
      exact.close();
      throw new MnemeException(
          "cannot write the sorted keys %s: %s; check the folder and the free space"
              .formatted(scratch, FailureText.of(e)),
          e);
    } catch (RuntimeException e) {
      exact.close();
      throw e;
    }
  }

  private MemorySegment sort(Datastore store) throws IOException {
    MemorySegment sorted;
    try (FileChannel channel =
        FileChannel.open(
            scratch,
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      sorted = channel.map(MapMode.READ_WRITE, 0, store.size() * store.width() * 2, arena);
    }
    float[] key = new float[store.width()];
    for (int place = 0; place < all.order.length; place++) {
      relative(store, all.order[place], key, 0);
      double norm = 0;
      for (int i = 0; i < key.length; i++) {
        short bits = Float.floatToFloat16(key[i]);
        float value = rounded(Float.float16ToFloat(bits));
        norm += (double) value * value;
        sorted.setAtIndex(ValueLayout.JAVA_SHORT, (long) place * key.length + i, bits);
      }
      halfNorms.setAtIndex(ValueLayout.JAVA_FLOAT, place, (float) (norm / 2));
    }
    return sorted;
  }

  private void relative(Datastore store, int row, float[] into, int at) {
    store.read(row, into, at);
    for (int i = 0; i < mean.length; i++) {
      into[at + i] -= mean[i];
    }
  }

  /** To the nearest number that bfloat16 holds; ties go to the even one. */
  private static float rounded(float value) {
    int bits = Float.floatToRawIntBits(value);
    int half = 0x7FFF + ((bits >>> DROPPED_BITS) & 1);
    return Float.intBitsToFloat((bits + half) >>> DROPPED_BITS << DROPPED_BITS);
  }

  /** For each list the nearest, itself first. */
  private int[][] near() {
    int[][] found = new int[all.lists()][];
    for (int from = 0; from < found.length; from += CENTRES_AT_ONCE) {
      int count = Math.min(CENTRES_AT_ONCE, found.length - from);
      NearestKeys.Found nearest = exact.search(centresOf(from, count), List.of(centres), probes);
      for (int i = 0; i < count; i++) {
        found[from + i] = rows(nearest, i);
      }
    }
    return found;
  }

  private float[] centresOf(int from, int count) {
    float[] some = new float[count * all.width];
    for (int i = 0; i < some.length; i++) {
      some[i] =
          Float.float16ToFloat(
              centres.getAtIndex(ValueLayout.JAVA_SHORT, (long) from * all.width + i));
    }
    return some;
  }

  private static int[] rows(NearestKeys.Found nearest, int query) {
    return IntStream.range(0, nearest.k())
        .map(n -> Math.toIntExact(nearest.row(query, n)))
        .toArray();
  }

  @Override
  public int lists() {
    return all.lists();
  }

  @Override
  public int[] members(int list) {
    return all.members(list);
  }

  @Override
  public long[] listsOf(float[] queries) {
    return exact.assign(queries, all.centres);
  }

  @Override
  public Candidates candidates(int list, int fewest) {
    int[] chosen = near[list];
    if (keysIn(chosen) < fewest) {
      chosen = rows(exact.search(centresOf(list, 1), List.of(centres), all.lists()), 0);
      int enough = 0;
      for (int held = 0; held < fewest && enough < chosen.length; enough++) {
        held += all.size(chosen[enough]);
      }
      chosen = IntStream.of(chosen).limit(enough).toArray();
    }
    return new Gathered(chosen);
  }

  private int keysIn(int[] lists) {
    return IntStream.of(lists).map(all::size).sum();
  }

  /** The keys of some lists in one piece. */
  private final class Gathered implements Candidates {
    private final Arena own = Arena.ofConfined();
    private final MemorySegment gathered;
    private final MemorySegment norms;
    private final int[] rows;

    private Gathered(int[] lists) {
      int count = keysIn(lists);
      long bytes = 2L * all.width;
      gathered = own.allocate(count * bytes, 64);
      norms = own.allocate(ValueLayout.JAVA_FLOAT, count);
      rows = new int[count];
      int at = 0;
      for (int list : lists) {
        int start = all.starts[list];
        int size = all.size(list);
        MemorySegment.copy(keys, start * bytes, gathered, at * bytes, size * bytes);
        MemorySegment.copy(halfNorms, 4L * start, norms, 4L * at, 4L * size);
        System.arraycopy(all.order, start, rows, at, size);
        at += size;
      }
    }

    @Override
    public NearestKeys.Found search(float[] queries, int k) {
      float[] relative = queries.clone();
      for (int i = 0; i < relative.length; i++) {
        relative[i] -= mean[i % mean.length];
      }
      return rounded.search(relative, gathered, norms, k).renumbered(rows);
    }

    @Override
    public void close() {
      own.close();
    }
  }

  @Override
  public void close() {
    arena.close();
    rounded.close();
    exact.close();
    try {
      Files.deleteIfExists(scratch);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
