package dev.mneme.trainer;

import com.google.common.base.Preconditions;
import com.google.common.collect.Lists;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The windows in which every token of every document but its first is predicted once, as {@link
 * dev.mneme.Perplexity} slides them: they start every {@code stride} tokens of a document and never
 * cross into the next; each predicts the tokens that the windows before it did not reach. The token
 * file stays its owner's.
 */
final class ScoredWindows {

  /**
   * One window.
   *
   * @param start its first token in the token file
   * @param length tokens that are read; the token behind each may be predicted
   * @param first the first position whose next token counts
   * @param place where that prediction stands among all predictions of the file
   */
  record Window(long start, int length, int first, int place) {

    /** Predictions of this window. */
    int count() {
      return length - first;
    }
  }

  private final TokenFile tokens;
  private final List<Window> windows = new ArrayList<>();
  private final int size;

  /**
   * The windows of a token file.
   *
   * @param window tokens in a window, the last of which is only predicted; at least 2
   * @param stride tokens between the starts of windows, below {@code window}
   */
  ScoredWindows(TokenFile tokens, int window, int stride) {
    Preconditions.checkArgument(
        stride >= 1 && stride < window, "a stride of %s for windows of %s", stride, window);
    this.tokens = tokens;
    int place = 0;
    for (int document = 0; document < tokens.documents(); document++) {
      long begin = tokens.start(document);
      int length = Math.toIntExact(tokens.end(document) - begin);
      int done = 1;
      for (int start = 0; done < length; start += stride) {
        int end = Math.min(length, start + window);
        windows.add(new Window(begin + start, end - start - 1, done - start - 1, place));
        place += end - done;
        done = end;
      }
    }
    size = place;
  }

  /** Predictions in all windows. */
  int size() {
    return size;
  }

  /**
   * All windows, those of similar length together.
   *
   * @param sequences windows of a batch, at most
   */
  List<List<Window>> batches(int sequences) {
    List<Window> sorted =
        windows.stream().sorted(Comparator.comparing(Window::length).reversed()).toList();
    return Lists.partition(sorted, sequences);
  }

  /**
   * The tokens of windows, one more than each reads. The shorter are filled up behind their end,
   * which nothing before it can see.
   */
  int[][] read(List<Window> batch) {
    int longest = batch.stream().mapToInt(Window::length).max().orElseThrow();
    int[][] all = new int[batch.size()][longest + 1];
    for (int i = 0; i < all.length; i++) {
      int[] ids = new int[batch.get(i).length() + 1];
      tokens.copy(batch.get(i).start(), ids);
      System.arraycopy(ids, 0, all[i], 0, ids.length);
    }
    return all;
  }
}
