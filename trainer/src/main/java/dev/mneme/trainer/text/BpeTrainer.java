package dev.mneme.trainer.text;

import com.google.common.base.Preconditions;
import dev.mneme.MnemeException;
import dev.mneme.store.gguf.ByteLevelAlphabet;
import dev.mneme.trainer.text.BpeTokenizer.Merge;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Learns a byte-level BPE tokenizer (Sennrich et al., arXiv 1508.07909, on bytes): starting from
 * the 256 bytes, the pair of neighbours that occurs most often within words becomes one entry,
 * again and again.
 *
 * <p>The same text gives the same tokenizer, in whatever order its documents come. Of pairs that
 * occur equally often the one with the smaller left id goes first, then the one with the smaller
 * right id. Id 0 begins a text, ids 1 to 256 are the bytes in the order of GPT-2's alphabet, and
 * entries follow in the order they were learned. A pair that spells what is an entry already (by
 * another way of joining) becomes a merge to that entry. These are the rules of the Hugging Face
 * tokenizers library, which learns the same entries from the same text.
 */
public final class BpeTrainer {

  /** The special token and the 256 bytes. */
  static final int FIRST_LEARNED = 257;

  /**
   * What to learn.
   *
   * @param vocabulary entries in all, 257 (bytes only) to 1,000,000
   * @param fewest how often a pair must occur to become an entry, at least 1
   */
  public record Settings(int vocabulary, int fewest) {
    public Settings {
      Preconditions.checkArgument(
          vocabulary >= FIRST_LEARNED && vocabulary <= 1_000_000,
          "the vocabulary must have 257 to 1,000,000 entries, not %s",
          vocabulary);
      Preconditions.checkArgument(fewest >= 1, "fewest must be at least 1, not %s", fewest);
    }

    /** A vocabulary whose entries occur at least twice. */
    public static Settings ofSize(int vocabulary) {
      return new Settings(vocabulary, 2);
    }
  }

  private final Settings settings;
  private final PairCounts pairs;
  private final List<String> entries = new ArrayList<>();
  private final Map<String, Integer> ids = new HashMap<>();
  private final List<Merge> merges = new ArrayList<>();

  private BpeTrainer(WordCounts words, Settings settings) {
    this.settings = settings;
    add(BpeTokenizer.BEGIN);
    List<String> symbols =
        IntStream.range(0, 256)
            .mapToObj(b -> ByteLevelAlphabet.toSymbols(new byte[] {(byte) b}))
            .sorted()
            .toList();
    symbols.forEach(this::add);
    int[] idOfByte = new int[256];
    for (String symbol : symbols) {
      idOfByte[Byte.toUnsignedInt(ByteLevelAlphabet.toBytes(symbol)[0])] = id(symbol);
    }
    this.pairs = new PairCounts(words, idOfByte);
  }

  /**
   * Learns from documents, one in memory at a time.
   *
   * @throws MnemeException if the text is too little for the wanted vocabulary
   */
  public static BpeTokenizer train(Stream<Document> documents, Settings settings) {
    var words = new WordCounts();
    documents.forEachOrdered(document -> words.add(document.text()));
    return new BpeTrainer(words, settings).learn(words.size());
  }

  private BpeTokenizer learn(int words) {
    while (entries.size() < settings.vocabulary()) {
      PairCounts.Pair pair = pairs.takeMostFrequent();
      if (pair == null || pair.count() < settings.fewest()) {
        throw new MnemeException(
            "the text (%,d different words) has pairs for a vocabulary of %,d, but %,d entries were asked for; give more text or ask for fewer"
                .formatted(words, entries.size(), settings.vocabulary()));
      }
      String joined = entries.get(pair.left()) + entries.get(pair.right());
      Integer known = ids.get(joined);
      int id = known == null ? add(joined) : known;
      merges.add(new Merge(pair.left(), pair.right(), id));
      pairs.join(pair, id);
    }
    return new BpeTokenizer(entries, merges, 0);
  }

  private int add(String entry) {
    ids.put(entry, entries.size());
    entries.add(entry);
    return entries.size() - 1;
  }

  private int id(String entry) {
    return Preconditions.checkNotNull(ids.get(entry));
  }
}
