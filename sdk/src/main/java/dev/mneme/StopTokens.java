package dev.mneme;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Stop strings that mean control tokens. A control token spells nothing, so its name never appears
 * in what a model writes: the token has to be watched for itself.
 */
final class StopTokens {

  /** Shorter names are too likely to be part of ordinary text. */
  private static final int SHORTEST_NAME = 3;

  private StopTokens() {}

  /**
   * The ids of all tokens that spell nothing and whose name is a stop string.
   *
   * @throws IllegalArgumentException for a stop string that has the name of a control token beside
   *     other text; no generation could ever end at it
   */
  static Set<Integer> named(List<String> stops, Vocabulary vocabulary) {
    var ids = new TreeSet<Integer>();
    if (stops.isEmpty()) {
      return ids;
    }
    var others = new HashSet<String>(stops);
    for (int id = 0; id < vocabulary.size(); id++) {
      if (!vocabulary.kind(id).spells() && stops.contains(name(vocabulary, id))) {
        ids.add(id);
        others.remove(name(vocabulary, id));
      }
    }
    for (int id = 0; id < vocabulary.size() && !others.isEmpty(); id++) {
      if (vocabulary.kind(id) == Vocabulary.Kind.CONTROL) {
        refuseWithin(others, name(vocabulary, id), id);
      }
    }
    return ids;
  }

  private static void refuseWithin(Set<String> stops, String name, int id) {
    for (String stop : stops) {
      if (name.length() >= SHORTEST_NAME && stop.contains(name)) {
        throw new IllegalArgumentException(
            "the stop string \"%s\" contains \"%s\", the name of control token %d, which never appears in a text; stop at the token itself: by the stop string \"%s\" alone, or by the stop id %d"
                .formatted(stop, name, id, name, id));
      }
    }
  }

  private static String name(Vocabulary vocabulary, int id) {
    return new String(vocabulary.bytes(id), StandardCharsets.UTF_8);
  }
}
