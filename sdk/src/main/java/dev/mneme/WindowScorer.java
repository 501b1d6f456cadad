package dev.mneme;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Consumer;

/** Scores one window of ids that a session can hold whole. */
final class WindowScorer {

  /** Most bytes of logits per model that one call may leave behind. */
  private static final long ROW_BYTES = 128L << 20;

  private WindowScorer() {}

  /**
   * Scores {@code window[firstScored]} to the end, each given everything before it in the window.
   *
   * @param firstScored at least 1
   */
  static void score(
      MixtureSession session, int[] window, int firstScored, Consumer<TokenScore> scores) {
    session.truncate(0);
    long rowBytes = (long) Float.BYTES * session.lease().host().logitWidth();
    int batch = Math.clamp(ROW_BYTES / rowBytes, 1, session.maxBatch());
    // The row of position i predicts window[i + 1], so rows before firstScored - 1 are not needed.
    int firstRow = firstScored - 1;
    int last = window.length - 1;
    for (int from = 0; from < last; ) {
      boolean wanted = from >= firstRow;
      int to = Math.min(wanted ? last : firstRow, from + (wanted ? batch : session.maxBatch()));
      session.extend(Arrays.copyOfRange(window, from, to), wanted ? Rows.ALL : Rows.NONE);
      if (wanted) {
        for (int row = 0; row < to - from; row++) {
          scores.accept(scoreOf(session, row, window[from + row + 1]));
        }
      }
      from = to;
    }
  }

  private static TokenScore scoreOf(MixtureSession session, int row, int id) {
    Mixture mixture = session.mix(row);
    var memories = new LinkedHashMap<String, Double>();
    var shares = new LinkedHashMap<String, Double>();
    List<Attachment> attachments = session.lease().attachments();
    for (int i = 0; i < attachments.size(); i++) {
      String name = attachments.get(i).name();
      memories.put(name, mixture.memory(i).logProbability(id));
      shares.put(name, mixture.share(i, id));
    }
    return new TokenScore(
        id, mixture.logProbability(id), mixture.host().logProbability(id), memories, shares);
  }
}
