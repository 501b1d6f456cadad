package dev.mneme.trainer.text;

import com.google.common.collect.Comparators;
import dev.mneme.store.gguf.ByteLevelAlphabet;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Byte-level BPE written plainly: every step counts all pairs of the whole text anew. What {@link
 * BpeTrainer} and {@link BpeEncoder} must agree with.
 */
final class PlainBpe {
  final List<String> entries = new ArrayList<>();
  final List<List<String>> merges = new ArrayList<>();

  /** Learns until the vocabulary is full or no pair occurs often enough. */
  static PlainBpe learn(List<String> texts, int vocabulary, int fewest) {
    var bpe = new PlainBpe();
    bpe.entries.add(BpeTokenizer.BEGIN);
    IntStream.range(0, 256)
        .mapToObj(b -> ByteLevelAlphabet.toSymbols(new byte[] {(byte) b}))
        .sorted()
        .forEach(bpe.entries::add);
    List<List<String>> words = new ArrayList<>();
    texts.forEach(text -> words.addAll(words(text)));
    while (bpe.entries.size() < vocabulary) {
      Optional<List<String>> best = bpe.mostFrequent(words, fewest);
      if (best.isEmpty()) {
        break;
      }
      List<String> pair = best.get();
      String joined = String.join("", pair);
      if (!bpe.entries.contains(joined)) {
        bpe.entries.add(joined);
      }
      bpe.merges.add(pair);
      words.replaceAll(word -> join(word, pair));
    }
    return bpe;
  }

  /** The entries of a text, by applying one merge after the other to each word. */
  static List<Integer> encode(BpeTokenizer tokenizer, String text) {
    List<Integer> ids = new ArrayList<>();
    for (List<String> cut : words(text)) {
      List<String> word = cut;
      for (BpeTokenizer.Merge merge : tokenizer.merges()) {
        word =
            join(
                word,
                List.of(
                    tokenizer.entries().get(merge.left()), tokenizer.entries().get(merge.right())));
      }
      word.forEach(entry -> ids.add(tokenizer.entries().indexOf(entry)));
    }
    return ids;
  }

  private Optional<List<String>> mostFrequent(List<List<String>> words, int fewest) {
    Map<List<String>, Integer> counts = new HashMap<>();
    for (List<String> word : words) {
      for (int i = 0; i + 1 < word.size(); i++) {
        counts.merge(List.of(word.get(i), word.get(i + 1)), 1, Integer::sum);
      }
    }
    if (counts.isEmpty() || Collections.max(counts.values()) < fewest) {
      return Optional.empty();
    }
    int most = Collections.max(counts.values());
    Comparator<List<String>> byIds =
        Comparator.comparing(
            pair -> pair.stream().map(entries::indexOf).toList(),
            Comparators.lexicographical(Comparator.<Integer>naturalOrder()));
    return counts.entrySet().stream()
        .filter(count -> count.getValue() == most)
        .map(Map.Entry::getKey)
        .min(byIds);
  }

  private static List<List<String>> words(String text) {
    var words = new ArrayList<List<String>>();
    for (int start = 0; start < text.length(); ) {
      int end = Gpt2Words.end(text, start);
      byte[] bytes = text.substring(start, end).getBytes(StandardCharsets.UTF_8);
      words.add(ByteLevelAlphabet.toSymbols(bytes).chars().mapToObj(Character::toString).toList());
      start = end;
    }
    return words;
  }

  private static List<String> join(List<String> word, List<String> pair) {
    var joined = new ArrayList<String>();
    for (int i = 0; i < word.size(); i++) {
      if (i + 1 < word.size() && word.subList(i, i + 2).equals(pair)) {
        joined.add(String.join("", pair));
        i++;
      } else {
        joined.add(word.get(i));
      }
    }
    return joined;
  }
}
