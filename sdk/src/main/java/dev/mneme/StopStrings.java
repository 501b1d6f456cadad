package dev.mneme;

import java.util.List;

/**
 * Watches text that arrives in pieces for the first of several stop strings, and holds back what
 * may be the beginning of one.
 */
final class StopStrings {

  private final List<String> stops;
  private final StringBuilder held = new StringBuilder();
  private boolean stopped;

  StopStrings(List<String> stops) {
    this.stops = stops;
  }

  /** Takes a piece and returns the text that is now sure to stand before any stop string. */
  String push(String piece) {
    held.append(piece);
    int first = -1;
    for (String stop : stops) {
      int at = held.indexOf(stop);
      first = at >= 0 && (first < 0 || at < first) ? at : first;
    }
    if (first >= 0) {
      stopped = true;
      return release(first, held.length());
    }
    int sure = held.length() - possibleBeginning();
    return release(sure, sure);
  }

  /** Length of the longest end of the held text that begins a stop string. */
  private int possibleBeginning() {
    int longest = 0;
    for (String stop : stops) {
      for (int n = Math.min(stop.length() - 1, held.length()); n > longest; n--) {
        if (stop.startsWith(held.substring(held.length() - n))) {
          longest = n;
        }
      }
    }
    return longest;
  }

  private String release(int end, int dropped) {
    String released = held.substring(0, end);
    held.delete(0, dropped);
    return released;
  }

  /** Whether a stop string has appeared; nothing more should be pushed then. */
  boolean stopped() {
    return stopped;
  }

  /** Releases what was held back: the text ends here. */
  String finish() {
    return release(held.length(), held.length());
  }
}
