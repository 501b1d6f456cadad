package dev.mneme.trainer;

import dev.mneme.djl.DecoderNetwork;
import java.util.Arrays;
import java.util.List;

/**
 * What a model knows before each token of some texts but the first of every document: its key, in
 * half precision as in a datastore, and the token that follows. Immutable.
 */
final class KeyQueries {

  private static final int SEQUENCES = 8;

  private final int width;
  private final short[] keys;
  private final int[] tokens;

  private KeyQueries(int width, int count) {
    this.width = width;
    this.keys = new short[Math.multiplyExact(count, width)];
    this.tokens = new int[count];
  }

  /**
   * Reads texts one after the other.
   *
   * @param window tokens in a window, the last only predicted
   * @param stride tokens between the starts of windows
   */
  static KeyQueries of(List<TokenFile> texts, DecoderNetwork network, int window, int stride) {
    List<ScoredWindows> all =
        texts.stream().map(text -> new ScoredWindows(text, window, stride)).toList();
    var queries =
        new KeyQueries(network.shape().hidden(), all.stream().mapToInt(ScoredWindows::size).sum());
    int before = 0;
    for (ScoredWindows windows : all) {
      for (List<ScoredWindows.Window> batch : windows.batches(SEQUENCES)) {
        queries.fill(network, windows.read(batch), batch, before);
      }
      before += windows.size();
    }
    return queries;
  }

  private void fill(
      DecoderNetwork network, int[][] ids, List<ScoredWindows.Window> batch, int before) {
    int length = ids[0].length - 1;
    int[][] read = Arrays.stream(ids).map(all -> Arrays.copyOf(all, length)).toArray(int[][]::new);
    float[] values = network.keys(read);
    for (int i = 0; i < ids.length; i++) {
      ScoredWindows.Window one = batch.get(i);
      int to = before + one.place();
      int from = (i * length + one.first()) * width;
      System.arraycopy(ids[i], one.first() + 1, tokens, to, one.count());
      for (int n = 0; n < one.count() * width; n++) {
        keys[to * width + n] = Float.floatToFloat16(values[from + n]);
      }
    }
  }

  int size() {
    return tokens.length;
  }

  /** The token that follows a query. */
  int token(int query) {
    return tokens[query];
  }

  /** Some queries' keys, [queries · width]. */
  float[] read(int... some) {
    float[] values = new float[some.length * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.float16ToFloat(keys[some[i / width] * width + i % width]);
    }
    return values;
  }
}
