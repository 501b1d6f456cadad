package dev.mneme.trainer.text;

import java.util.HashMap;
import java.util.Map;
import java.util.function.ObjLongConsumer;

/** How often each word occurs, words being what {@link Gpt2Words} cuts. Used by one thread. */
final class WordCounts {

  private static final class Count {
    private long value;
  }

  private final Map<String, Count> counts = new HashMap<>();

  /** Counts the words of one document; words never cross into the next. */
  void add(String text) {
    for (int start = 0; start < text.length(); ) {
      int end = Gpt2Words.end(text, start);
      counts.computeIfAbsent(text.substring(start, end), word -> new Count()).value++;
      start = end;
    }
  }

  int size() {
    return counts.size();
  }

  /** Each word once, in no particular order. */
  void forEach(ObjLongConsumer<String> action) {
    counts.forEach((word, count) -> action.accept(word, count.value));
  }
}
