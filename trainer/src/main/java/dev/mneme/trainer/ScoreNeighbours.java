package dev.mneme.trainer;

import com.google.common.base.Preconditions;
import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.djl.DecoderNetwork;
import dev.mneme.djl.NearestKeys;
import dev.mneme.store.files.UnfinishedFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What kNN-LM (arXiv 1911.00172) thinks of texts: the log-probability of every token of every
 * document but its first under the neighbours of what the model reads before it, for several
 * numbers of neighbours and temperatures at once. Queries are the model's keys in the windows of
 * {@link dev.mneme.Perplexity}; one belongs to the list of its nearest centre. Kept in a file.
 *
 * @param texts to score, none of them in the datastore
 * @param memory the datastore's text, whose tokens are the keys' values
 * @param model whose keys the datastore holds
 * @param output file for the log-probabilities
 * @param neighbours numbers of neighbours, smallest first
 * @param temperatures of the squared distances
 * @param recallSample queries that are also searched exactly
 * @param bfloat16 whether the model computes products in bfloat16
 */
public record ScoreNeighbours(
    List<TokenFile> texts,
    TokenFile memory,
    Path model,
    Path output,
    int window,
    int stride,
    List<Integer> neighbours,
    List<Double> temperatures,
    KeySearch.Settings search,
    int recallSample,
    boolean bfloat16) {

  private static final int VERSION = 1;
  private static final int QUERIES_AT_ONCE = 128;
  private static final int ASSIGNED_AT_ONCE = 4_096;

  public ScoreNeighbours {
    Preconditions.checkArgument(
        !neighbours.isEmpty() && !temperatures.isEmpty(), "no neighbours or no temperature");
  }

  /** The log-probabilities of every text in every setting. */
  public final class Scores {
    private final float[] all; // setting after setting, in each text after text

    private Scores(float[] all) {
      this.all = all;
    }

    /**
     * One text in one setting.
     *
     * @param text its place among the texts
     * @param k place among the numbers of neighbours
     * @param temperature place among the temperatures
     * @return natural logarithms in the order of the text; minus infinity where no neighbour had
     *     the token
     */
    public float[] of(int text, int k, int temperature) {
      int from = (k * temperatures.size() + temperature) * predictions(texts);
      from += predictions(texts.subList(0, text));
      return Arrays.copyOfRange(all, from, from + predictions(texts.subList(text, text + 1)));
    }
  }

  /** Each document's first token is not predicted. */
  private static int predictions(List<TokenFile> some) {
    return Math.toIntExact(some.stream().mapToLong(text -> text.size() - text.documents()).sum());
  }

  private StageManifest manifest() {
    var manifest = new StageManifest("neighbour scores", VERSION);
    manifest.input(model.resolve("config.json")).input(model.resolve("model.safetensors"));
    var settings = manifest.settings();
    var origins = settings.putArray("texts");
    texts.forEach(text -> origins.add(text.origin()));
    settings.put("memory", memory.origin()).put("window", window).put("stride", stride);
    neighbours.forEach(settings.putArray("neighbours")::add);
    temperatures.forEach(settings.putArray("temperatures")::add);
    settings.put("search", search.toString()).put("bfloat16", bfloat16);
    return manifest;
  }

  /** What an earlier run left, for which no datastore is needed any more. */
  public Optional<Scores> kept() {
    try {
      return manifest().kept(output).map(Scores::new);
    } catch (IOException e) {
      throw new MnemeException("cannot read %s: %s".formatted(output, FailureText.of(e)), e);
    }
  }

  /**
   * Computes the log-probabilities.
   *
   * @param store the model's keys of {@code memory}; stays the caller's
   * @param progress told how many tokens are done
   * @throws MnemeException if there are fewer keys than neighbours, or a file cannot be written
   */
  public Scores run(Datastore store, StageProgress progress) {
    int most = neighbours.getLast();
    if (most > store.size()) {
      throw new MnemeException(
          "%d neighbours are asked for, but the datastore has %d keys; give more text or fewer neighbours"
              .formatted(most, store.size()));
    }
    float[] scores;
    Path sorted = output.resolveSibling(output.getFileName() + ".keys");
    try (UnfinishedFile scratch = UnfinishedFile.of(sorted);
        KeySearch keys = KeySearch.over(store, search, scratch.path())) {
      KeyQueries queries = queries();
      scores = score(keys, queries, progress);
      StageManifest manifest = manifest();
      var results = manifest.results();
      results.put("keys", store.size()).put("queries", queries.size());
      results.put("recallSample", recallSample).put("recall", recall(store, keys, queries));
      manifest.keep(output, scores, results);
    } catch (IOException e) {
      throw new MnemeException(
          "cannot write %s: %s; check the folder and the free space"
              .formatted(output, FailureText.of(e)),
          e);
    }
    return new Scores(scores);
  }

  private KeyQueries queries() {
    try (DecoderNetwork network = DecoderNetwork.open(model, bfloat16)) {
      return KeyQueries.of(texts, network, window, stride);
    }
  }

  private float[] score(KeySearch keys, KeyQueries queries, StageProgress progress) {
    var sums =
        new NeighbourSums(neighbours, temperatures, row -> memory.get(row + 1), queries.size());
    int done = 0;
    int[][] byList = byList(keys, queries);
    for (int list = 0; list < byList.length; list++) {
      int[] near = byList[list];
      if (near.length == 0) {
        continue;
      }
      try (var candidates = keys.candidates(list, neighbours.getLast())) {
        for (int from = 0; from < near.length; from += QUERIES_AT_ONCE) {
          int[] now = Arrays.copyOfRange(near, from, Math.min(near.length, from + QUERIES_AT_ONCE));
          NearestKeys.Found found = candidates.search(queries.read(now), neighbours.getLast());
          for (int i = 0; i < now.length; i++) {
            sums.add(found, i, now[i], queries.token(now[i]));
          }
          done += now.length;
          progress.at(done, queries.size());
        }
      }
    }
    return sums.logs();
  }

  /** The queries of each list. */
  private static int[][] byList(KeySearch keys, KeyQueries queries) {
    int[] listOf = new int[queries.size()];
    int[] sizes = new int[keys.lists()];
    for (int from = 0; from < listOf.length; from += ASSIGNED_AT_ONCE) {
      int to = Math.min(listOf.length, from + ASSIGNED_AT_ONCE);
      long[] lists = keys.listsOf(queries.read(IntStream.range(from, to).toArray()));
      for (int i = from; i < to; i++) {
        listOf[i] = Math.toIntExact(lists[i - from]);
        sizes[listOf[i]]++;
      }
    }
    int[][] all = new int[sizes.length][];
    Arrays.setAll(all, list -> new int[sizes[list]]);
    for (int i = listOf.length - 1; i >= 0; i--) {
      all[listOf[i]][--sizes[listOf[i]]] = i;
    }
    return all;
  }

  private double recall(Datastore store, KeySearch keys, KeyQueries queries) {
    var order = new Shuffle(queries.size(), search.seed() + 1);
    int[] sample =
        IntStream.range(0, Math.min(recallSample, queries.size()))
            .map(i -> Math.toIntExact(order.at(i)))
            .toArray();
    return Recall.of(store, keys, queries.read(sample), neighbours.getLast());
  }
}
