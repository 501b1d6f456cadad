package dev.mneme.djl;

/** Token sequences of one length and what should follow each of their positions. */
public final class Batch extends Examples {

  private final int sequences;
  private final int length;
  private final long[] ids;

  /**
   * A batch.
   *
   * @param ids the tokens, sequence after sequence: [sequences · length]
   * @param targets ids of the targets: [sequences · length · width]
   * @param weights their weights, in the same order
   */
  public Batch(int sequences, int length, int width, long[] ids, long[] targets, float[] weights) {
    super(sequences * length, width, targets, weights);
    if (ids.length != sequences * length) {
      throw new IllegalArgumentException(
          "a batch of %d sequences of %d, but %d ids".formatted(sequences, length, ids.length));
    }
    this.sequences = sequences;
    this.length = length;
    this.ids = ids;
  }

  /**
   * Plain language modelling: each position's target is the next token.
   *
   * @param windows sequences of {@code length + 1} tokens
   */
  public static Batch ofWindows(int[][] windows) {
    int length = windows[0].length - 1;
    long[] ids = new long[windows.length * length];
    long[] next = new long[ids.length];
    float[] one = new float[ids.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = windows[i / length][i % length];
      next[i] = windows[i / length][i % length + 1];
      one[i] = 1;
    }
    return new Batch(windows.length, length, 1, ids, next, one);
  }

  public int sequences() {
    return sequences;
  }

  public int length() {
    return length;
  }

  long[] ids() {
    return ids;
  }

  /** The ids, sequence by sequence. */
  int[][] rows() {
    int[][] rows = new int[sequences][length];
    for (int i = 0; i < ids.length; i++) {
      rows[i / length][i % length] = Math.toIntExact(ids[i]);
    }
    return rows;
  }
}
