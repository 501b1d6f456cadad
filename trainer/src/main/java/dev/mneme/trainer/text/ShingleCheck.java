package dev.mneme.trainer.text;

import com.google.common.base.Preconditions;
import dev.mneme.MnemeException;
import dev.mneme.PrintableText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds evaluation text in a training corpus: how many of an evaluation document's shingles, runs
 * of 13 words at any place, occur in the training text. Words are runs of letters and digits in
 * lower case, so layout and punctuation do not hide a copy.
 *
 * <p>Shingles are compared by 64-bit hashes. Memory grows with the evaluation text alone, about 30
 * bytes a word; the training text is read once, a document at a time.
 */
public final class ShingleCheck {
  private static final Logger log = LoggerFactory.getLogger(ShingleCheck.class);

  /**
   * What counts as the same text.
   *
   * @param words words in a shingle, at least 1
   * @param limit largest share of a document's shingles that may occur in training text, 0 to 1
   */
  public record Settings(int words, double limit) {
    public Settings {
      Preconditions.checkArgument(words >= 1, "a shingle has at least 1 word, not %s", words);
      Preconditions.checkArgument(
          limit >= 0 && limit <= 1, "the limit must lie in [0, 1], not %s", limit);
    }

    /** 13 words and 30 %. */
    public static Settings defaults() {
      return new Settings(13, 0.3);
    }
  }

  /**
   * What one evaluation document has in common with the training text.
   *
   * @param document where it stands
   * @param shingles its shingles; none if it has fewer words than one needs
   * @param shared those of them that occur in the training text
   * @param mostIn the training document that has most of them, if any has
   */
  public record Overlap(String document, int shingles, int shared, Optional<String> mostIn) {

    /** Shared shingles by shingles, 0 to 1. */
    public double share() {
      return shingles == 0 ? 0 : (double) shared / shingles;
    }

    private String describe() {
      return String.format(
          Locale.ROOT,
          "%s: %,d of %,d (%.0f %%)%s",
          document,
          shared,
          shingles,
          100 * share(),
          mostIn.map(place -> ", most of them in " + place).orElse(""));
    }
  }

  /**
   * The outcome for all evaluation documents, in their order.
   *
   * @param overlaps one for each evaluation document
   */
  public record Report(Settings settings, List<Overlap> overlaps) {
    public Report {
      overlaps = List.copyOf(overlaps);
    }

    /** Documents above the limit. */
    public List<Overlap> contained() {
      return overlaps.stream().filter(overlap -> overlap.share() > settings.limit()).toList();
    }

    /**
     * Refuses training text that contains evaluation text.
     *
     * @param force log a warning instead
     * @throws MnemeException if a document is above the limit and this is not forced
     */
    public void requireApart(boolean force) {
      List<Overlap> contained = contained();
      if (contained.isEmpty()) {
        return;
      }
      String found =
          String.format(
              Locale.ROOT,
              "the training text contains evaluation text: %d of %d evaluation documents have more"
                  + " than %.0f %% of their runs of %d words in it",
              contained.size(),
              overlaps.size(),
              100 * settings.limit(),
              settings.words());
      List<String> documents = contained.stream().map(Overlap::describe).toList();
      if (force) {
        log.warn(
            "{}: {}; going on because this is forced; figures on this text will flatter",
            found,
            PrintableText.of(String.join("; ", documents)));
        return;
      }
      throw new MnemeException(
          found
              + "; take these documents out of the training text or evaluate on other text;"
              + " --force (RecipeRun.force) trains all the same:",
          documents);
    }
  }

  private final Shingles shingles;
  private final Settings settings;
  private final List<String> places = new ArrayList<>();
  private final LongIntMap numbers = new LongIntMap(1 << 12);

  /** Of each evaluation document, the number of the shingle at each place. */
  private final List<int[]> numbersOf = new ArrayList<>();

  /** Of each shingle, the first evaluation document that has it. */
  private int[] owner = new int[1 << 12];

  private ShingleCheck(Settings settings) {
    this.settings = settings;
    this.shingles = new Shingles(settings.words());
  }

  /** Compares each evaluation document with the whole training text. */
  public static Report compare(
      Stream<Document> training, Stream<Document> evaluation, Settings settings) {
    var check = new ShingleCheck(settings);
    evaluation.forEachOrdered(check::addEvaluation);
    return check.search(training.iterator());
  }

  private void addEvaluation(Document document) {
    int[] found = new int[shingles.of(document.text())];
    for (int i = 0; i < found.length; i++) {
      long hash = shingles.hash(i);
      int number = numbers.get(hash);
      if (number == LongIntMap.ABSENT) {
        number = numbers.size();
        numbers.put(hash, number);
        if (number == owner.length) {
          owner = Arrays.copyOf(owner, number * 2);
        }
        owner[number] = numbersOf.size();
      }
      found[i] = number;
    }
    numbersOf.add(found);
    places.add(document.place());
  }

  private Report search(Iterator<Document> training) {
    var seen = new BitSet(numbers.size());
    int[] lastSeenIn = new int[numbers.size()];
    int[] hits = new int[places.size()];
    int[] mostHits = new int[places.size()];
    var mostIn = new @Nullable String[places.size()];
    for (int round = 1; training.hasNext(); round++) {
      Document document = training.next();
      var touched = new BitSet();
      int count = shingles.of(document.text());
      for (int i = 0; i < count; i++) {
        int number = numbers.get(shingles.hash(i));
        if (number != LongIntMap.ABSENT && lastSeenIn[number] != round) {
          lastSeenIn[number] = round;
          seen.set(number);
          touched.set(owner[number]);
          hits[owner[number]]++;
        }
      }
      for (int of = touched.nextSetBit(0); of >= 0; of = touched.nextSetBit(of + 1)) {
        if (hits[of] > mostHits[of]) {
          mostHits[of] = hits[of];
          mostIn[of] = document.place();
        }
        hits[of] = 0;
      }
    }
    var overlaps = new ArrayList<Overlap>();
    for (int i = 0; i < places.size(); i++) {
      int shared = (int) Arrays.stream(numbersOf.get(i)).filter(seen::get).count();
      overlaps.add(
          new Overlap(
              places.get(i), numbersOf.get(i).length, shared, Optional.ofNullable(mostIn[i])));
    }
    return new Report(settings, overlaps);
  }
}
