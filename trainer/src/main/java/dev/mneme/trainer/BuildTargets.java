package dev.mneme.trainer;

import com.google.common.base.Preconditions;
import dev.mneme.djl.NearestKeys;
import dev.mneme.store.files.UnfinishedFile;
import dev.mneme.trainer.files.PartFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The third stage: for every position of the datastore its nearest other keys, and from their
 * values the sparse target a memory is trained towards. Works list by list; with a single list the
 * search is exact. Killed at any moment it goes on behind the last finished lists; run again when
 * finished it does nothing.
 *
 * @param neighbours how many neighbours make a target (the paper: 1024)
 * @param temperature of the distances (the paper: 16)
 * @param width ids kept for each position
 * @param search how neighbours are found
 * @param recallSample queries whose neighbours are also searched exactly, to measure recall
 */
public record BuildTargets(
    TokenFile tokens,
    Path datastore,
    int keyWidth,
    Path output,
    int neighbours,
    double temperature,
    int width,
    KeySearch.Settings search,
    int recallSample) {

  private static final int VERSION = 2;
  private static final int QUERIES_AT_ONCE = 128;
  private static final int POSITIONS_BETWEEN_MARKS = 32_768;

  public BuildTargets {
    Preconditions.checkArgument(neighbours > 0, "neighbours must be positive: %s", neighbours);
    Preconditions.checkArgument(temperature > 0, "temperature must be positive: %s", temperature);
    Preconditions.checkArgument(width > 0, "width must be positive: %s", width);
  }

  /** What the searches find: a position's weights, and sums for the manifest. */
  private static final class Tally {
    final NeighbourWeights weights;
    long positions;
    long measured; // fewer than all after an interruption
    double kept;
    double right;

    Tally(NeighbourWeights weights) {
      this.weights = weights;
    }
  }

  /**
   * Builds the targets unless they are there.
   *
   * @param progress told how many positions are done
   * @return the targets, opened; the caller closes them
   */
  public SparseTargets run(StageProgress progress) {
    StageManifest manifest = manifest();
    var file = new PartFile(output, manifest.digest());
    if (manifest.isIn(StageManifest.fileOf(output)) && Files.exists(output)) {
      file.discard();
      return SparseTargets.open(output, width);
    }
    var tally = new Tally(new NeighbourWeights(tokens.vocabulary(), temperature));
    double recall;
    try (Datastore store = Datastore.open(datastore, keyWidth)) {
      Preconditions.checkArgument(
          neighbours < store.size(), "%s neighbours of %s keys", neighbours, store.size());
      int first = file.begin(SparseTargets.bytes(store.size(), width));
      try (UnfinishedFile scratch = scratch();
          KeySearch keys = KeySearch.over(store, search, scratch.path());
          SparseTargets targets = SparseTargets.openToWrite(file.part(), width)) {
        long marked = 0;
        for (int list = 0; list < keys.lists(); list++) {
          if (list >= first) {
            fill(store, keys, list, targets, tally);
            if (tally.positions - marked >= POSITIONS_BETWEEN_MARKS) {
              targets.force();
              file.mark(list + 1);
              marked = tally.positions;
            }
          } else {
            tally.positions += keys.members(list).length;
          }
          progress.at(tally.positions, store.size());
        }
        targets.force();
        recall = recall(store, keys);
      }
    }
    file.finish();
    var results = manifest.results();
    results.put("positions", tally.positions);
    results.put("recall", recall).put("recallSample", recallSample);
    results.put("keptMass", tally.kept / tally.measured);
    results.put("massOnNextToken", tally.right / tally.measured);
    manifest.write(output, results);
    return SparseTargets.open(output, width);
  }

  /** The keys sorted by list; never completed, so that nothing of it stays. */
  private UnfinishedFile scratch() {
    return UnfinishedFile.of(output.resolveSibling(output.getFileName() + ".keys"));
  }

  private StageManifest manifest() {
    var manifest = new StageManifest("targets", VERSION);
    manifest.input(StageManifest.fileOf(datastore));
    manifest
        .settings()
        .put("neighbours", neighbours)
        .put("temperature", temperature)
        .put("width", width)
        .put("lists", search.lists())
        .put("probes", search.probes())
        .put("seed", search.seed())
        .put("bfloat16", search.bfloat16());
    return manifest;
  }

  private void fill(Datastore store, KeySearch keys, int list, SparseTargets targets, Tally tally) {
    int[] queries = keys.members(list);
    try (var candidates = keys.candidates(list, neighbours + 1)) {
      for (int from = 0; from < queries.length; from += QUERIES_AT_ONCE) {
        int[] now =
            Arrays.copyOfRange(queries, from, Math.min(queries.length, from + QUERIES_AT_ONCE));
        NearestKeys.Found found = candidates.search(read(store, now), neighbours + 1);
        for (int q = 0; q < now.length; q++) {
          tally.weights.sum(found, q, now[q], neighbours, row -> tokens.get(row + 1));
          store(targets, now[q], tally);
        }
      }
    }
  }

  private void store(SparseTargets targets, int position, Tally tally) {
    NeighbourWeights weights = tally.weights;
    int[] heaviest = weights.heaviest(width);
    double kept = 0;
    for (int id : heaviest) {
      kept += weights.mass(id);
    }
    for (int n = 0; n < width; n++) {
      int id = n < heaviest.length ? heaviest[n] : 0;
      targets.set(position, n, id, n < heaviest.length ? (float) (weights.mass(id) / kept) : 0);
    }
    double total = weights.total();
    tally.positions++;
    tally.measured++;
    tally.kept += kept / total;
    tally.right += weights.mass(tokens.get(position + 1L)) / total;
  }

  /**
   * Share of the keys found through lists that are as near as the exact search's; 1 with a single
   * list.
   */
  private double recall(Datastore store, KeySearch keys) {
    var order = new Shuffle(store.size(), search.seed() + 1);
    int[] sample =
        IntStream.range(0, (int) Math.min(recallSample, store.size()))
            .map(i -> Math.toIntExact(order.at(i)))
            .toArray();
    return Recall.of(store, keys, read(store, sample), neighbours);
  }

  private static float[] read(Datastore store, int[] rows) {
    float[] queries = new float[rows.length * store.width()];
    for (int i = 0; i < rows.length; i++) {
      store.read(rows[i], queries, i * store.width());
    }
    return queries;
  }
}
