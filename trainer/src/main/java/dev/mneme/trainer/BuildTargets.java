package dev.mneme.trainer;

import com.google.common.base.Preconditions;
import dev.mneme.djl.NearestKeys;
import dev.mneme.trainer.files.PartFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The third stage: for every position of the datastore its nearest other keys, and from their
 * values the sparse target a memory is trained towards. Works list by list; with a single list the
 * search is exact. Killed at any moment it goes on behind the last finished lists; run again when
 * finished it does nothing.
 *
 * @param neighbours how many neighbours make a target (the paper: 1024)
 * @param temperature of the distances (the paper: 16)
 * @param width ids kept for each position
 * @param lists how many lists the keys are sorted into; 1 for an exact search
 * @param probes how many lists are searched for a query
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
    int lists,
    int probes,
    int recallSample,
    long seed) {

  private static final int VERSION = 1;
  private static final int QUERIES_AT_ONCE = 128;
  private static final int LISTS_BETWEEN_MARKS = 16;
  private static final float DISTANCE_ROUNDING = 1e-3f;

  public BuildTargets {
    Preconditions.checkArgument(neighbours > 0, "neighbours must be positive: %s", neighbours);
    Preconditions.checkArgument(temperature > 0, "temperature must be positive: %s", temperature);
    Preconditions.checkArgument(width > 0, "width must be positive: %s", width);
    Preconditions.checkArgument(
        lists > 0 && probes > 0 && probes <= lists,
        "probes must lie in [1, %s]: %s",
        lists,
        probes);
  }

  /** What the searches found, for the manifest. */
  private static final class Tally {
    long positions;
    long measured; // fewer than all after an interruption
    double kept;
    double right;
  }

  /**
   * Builds the targets unless they are there.
   *
   * @param progress told how many positions are done
   * @return the targets, opened; the caller closes them
   */
  public SparseTargets run(StageProgress progress) {
    StageManifest manifest = manifest();
    if (manifest.isIn(StageManifest.fileOf(output)) && Files.exists(output)) {
      return SparseTargets.open(output, width);
    }
    var file = new PartFile(output, manifest.digest());
    var tally = new Tally();
    double recall;
    try (Datastore store = Datastore.open(datastore, keyWidth);
        NearestKeys search = new NearestKeys(keyWidth)) {
      Preconditions.checkArgument(
          neighbours < store.size(), "%s neighbours of %s keys", neighbours, store.size());
      int first = file.begin(SparseTargets.bytes(store.size(), width));
      KeyLists all = KeyLists.build(store, search, lists, seed);
      try (SparseTargets targets = SparseTargets.openToWrite(file.part(), width)) {
        for (int list = 0; list < lists; list++) {
          if (list >= first) {
            fill(store, search, all, list, targets, tally);
            if ((list + 1) % LISTS_BETWEEN_MARKS == 0) {
              targets.force();
              file.mark(list + 1);
            }
          } else {
            tally.positions += all.members(list).length;
          }
          progress.at(tally.positions, store.size());
        }
        targets.force();
      }
      recall = recall(store, search, all);
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

  private StageManifest manifest() {
    var manifest = new StageManifest("targets", VERSION);
    manifest.input(StageManifest.fileOf(datastore));
    manifest
        .settings()
        .put("neighbours", neighbours)
        .put("temperature", temperature)
        .put("width", width)
        .put("lists", lists)
        .put("probes", probes)
        .put("seed", seed);
    return manifest;
  }

  private void fill(
      Datastore store,
      NearestKeys search,
      KeyLists all,
      int list,
      SparseTargets targets,
      Tally tally) {
    int[] queries = all.members(list);
    var weights = new NeighbourWeights(tokens.vocabulary(), temperature);
    try (var candidates = Candidates.of(store, all, list, probes, neighbours + 1)) {
      for (int from = 0; from < queries.length; from += QUERIES_AT_ONCE) {
        int[] now =
            Arrays.copyOfRange(queries, from, Math.min(queries.length, from + QUERIES_AT_ONCE));
        NearestKeys.Found found = candidates.search(search, read(store, now), neighbours + 1);
        for (int q = 0; q < now.length; q++) {
          weights.sum(
              candidates.neighbours(found, q), now[q], neighbours, row -> tokens.get(row + 1));
          store(targets, now[q], weights, tally);
        }
      }
    }
  }

  private void store(SparseTargets targets, int position, NeighbourWeights weights, Tally tally) {
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
  private double recall(Datastore store, NearestKeys search, KeyLists all) {
    if (lists == 1 || recallSample == 0) {
      return lists == 1 ? 1 : Double.NaN;
    }
    var order = new Shuffle(store.size(), seed + 1);
    long hits = 0;
    for (int sample = 0; sample < recallSample; sample++) {
      int row = Math.toIntExact(order.at(sample));
      float[] query = read(store, new int[] {row});
      NearestKeys.Found exact = search.search(query, store.blocks(), neighbours);
      float farthest = exact.distance(0, neighbours - 1) + DISTANCE_ROUNDING;
      try (var candidates = Candidates.of(store, all, all.listOf(row), probes, neighbours)) {
        NearestKeys.Found found = candidates.search(search, query, neighbours);
        NeighbourWeights.Neighbours near = candidates.neighbours(found, 0);
        for (int n = 0; n < neighbours; n++) {
          hits += near.distance(n) <= farthest ? 1 : 0;
        }
      }
    }
    return (double) hits / ((long) recallSample * neighbours);
  }

  private static float[] read(Datastore store, int[] rows) {
    float[] queries = new float[rows.length * store.width()];
    for (int i = 0; i < rows.length; i++) {
      store.read(rows[i], queries, i * store.width());
    }
    return queries;
  }
}
