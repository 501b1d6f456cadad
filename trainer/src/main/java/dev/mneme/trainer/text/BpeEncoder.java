package dev.mneme.trainer.text;

import dev.mneme.store.gguf.ByteLevelAlphabet;
import dev.mneme.trainer.text.BpeTokenizer.Merge;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Text to ids, fast enough for whole corpora: most words of a text have been seen before and come
 * from a cache of bounded size. Gives the ids of the Hugging Face tokenizers library and of
 * llama.cpp.
 *
 * <p>Text is text: a document that spells the begin-of-text token does not get its id. Used by one
 * thread; a {@link BpeTokenizer} may serve many encoders.
 */
public final class BpeEncoder {
  private static final int MAX_CACHED_WORDS = 1 << 18;
  private static final int MAX_CACHED_LENGTH = 40;
  private static final int NONE = -1;

  private final BpeTokenizer tokenizer;
  private final List<Merge> merges;
  private final LongIntMap rankOf;
  private final int[] idOfByte = new int[256];
  private final Map<String, int[]> cache = new HashMap<>();
  private int[] ids = new int[1 << 12];
  private int size;

  public BpeEncoder(BpeTokenizer tokenizer) {
    this.tokenizer = tokenizer;
    this.merges = tokenizer.merges();
    this.rankOf = new LongIntMap(merges.size());
    for (int rank = 0; rank < merges.size(); rank++) {
      rankOf.put(LongIntMap.pair(merges.get(rank).left(), merges.get(rank).right()), rank);
    }
    for (int id = 0; id < tokenizer.size(); id++) {
      byte[] bytes = ByteLevelAlphabet.toBytes(tokenizer.entries().get(id));
      if (bytes.length == 1) {
        idOfByte[Byte.toUnsignedInt(bytes[0])] = id;
      }
    }
  }

  /** The tokenizer whose ids these are. */
  public BpeTokenizer tokenizer() {
    return tokenizer;
  }

  /** Ids of a document: the begin-of-text id and its text. */
  public int[] encodeDocument(String text) {
    size = 0;
    append(tokenizer.beginId());
    return encodeBehind(text);
  }

  /** Ids of a text alone. Half a surrogate pair counts as a question mark. */
  public int[] encode(String text) {
    size = 0;
    return encodeBehind(text);
  }

  private int[] encodeBehind(String text) {
    for (int start = 0; start < text.length(); ) {
      int end = Gpt2Words.end(text, start);
      for (int id : word(text.substring(start, end))) {
        append(id);
      }
      start = end;
    }
    return Arrays.copyOf(ids, size);
  }

  private void append(int id) {
    if (size == ids.length) {
      ids = Arrays.copyOf(ids, size * 2);
    }
    ids[size++] = id;
  }

  private int[] word(String word) {
    int[] known = cache.get(word);
    if (known != null) {
      return known;
    }
    int[] joined = join(word.getBytes(StandardCharsets.UTF_8));
    if (word.length() <= MAX_CACHED_LENGTH && cache.size() < MAX_CACHED_WORDS) {
      cache.put(word, joined);
    }
    return joined;
  }

  /**
   * Joins neighbours, the earliest merge first and of several places the leftmost, until none is
   * left. The queue keeps a word of n bytes at n log n, however long it is; its entries are rank
   * and place, and one that no longer holds is passed over.
   */
  private int[] join(byte[] bytes) {
    int n = bytes.length;
    int[] symbol = new int[n];
    int[] next = new int[n];
    int[] previous = new int[n];
    for (int i = 0; i < n; i++) {
      symbol[i] = idOfByte[Byte.toUnsignedInt(bytes[i])];
      next[i] = i + 1 < n ? i + 1 : NONE;
      previous[i] = i - 1;
    }
    var queue = new PriorityQueue<Long>();
    for (int i = 0; i + 1 < n; i++) {
      offer(queue, symbol, next, i);
    }
    int left = n;
    for (Long first = queue.poll(); first != null; first = queue.poll()) {
      int rank = (int) (first >>> 32);
      int at = first.intValue();
      int after = next[at];
      if (symbol[at] == NONE
          || after == NONE
          || rankOf.get(LongIntMap.pair(symbol[at], symbol[after])) != rank) {
        continue;
      }
      symbol[at] = merges.get(rank).joined();
      symbol[after] = NONE;
      next[at] = next[after];
      if (next[at] != NONE) {
        previous[next[at]] = at;
        offer(queue, symbol, next, at);
      }
      if (previous[at] != NONE) {
        offer(queue, symbol, next, previous[at]);
      }
      left--;
    }
    int[] joined = new int[left];
    for (int i = 0, at = 0; i < left; i++, at = next[at]) {
      joined[i] = symbol[at];
    }
    return joined;
  }

  private void offer(PriorityQueue<Long> queue, int[] symbol, int[] next, int at) {
    int rank = rankOf.get(LongIntMap.pair(symbol[at], symbol[next[at]]));
    if (rank != LongIntMap.ABSENT) {
      queue.add((long) rank << 32 | at);
    }
  }
}
