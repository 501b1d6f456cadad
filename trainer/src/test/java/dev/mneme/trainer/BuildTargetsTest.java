package dev.mneme.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mneme.djl.Batch;
import dev.mneme.djl.DecoderNetwork;
import dev.mneme.djl.LlamaShape;
import dev.mneme.store.safetensors.Dtype;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Datastore, targets and what a memory learns from them, on a small random teacher. */
final class BuildTargetsTest {

  private static final LlamaShape SHAPE =
      new LlamaShape(SmallTokens.VOCABULARY, 16, 2, 2, 1, 24, 32, 10_000, 1e-5);
  private static final int NEIGHBOURS = 20;
  private static final double TEMPERATURE = 4;
  private static final int WIDTH = 6;

  @TempDir Path directory;

  private TokenFile tokens() {
    return SmallTokens.write(directory.resolve("tokens"), 9, 75, 5);
  }

  private Path teacher() {
    Path teacher = directory.resolve("teacher");
    if (!Files.exists(teacher)) {
      try (DecoderNetwork network = DecoderNetwork.random(SHAPE, 6, false)) {
        network.save(teacher, Dtype.F32, 0);
      }
    }
    return teacher;
  }

  private BuildDatastore datastore(TokenFile tokens) {
    return new BuildDatastore(tokens, teacher(), directory.resolve("keys"), 32, 16, 2);
  }

  private BuildTargets targets(TokenFile tokens, int lists, int probes) {
    return new BuildTargets(
        tokens,
        directory.resolve("keys"),
        SHAPE.hidden(),
        directory.resolve("targets-" + lists),
        NEIGHBOURS,
        TEMPERATURE,
        WIDTH,
        new KeySearch.Settings(lists, probes, 1, false),
        50);
  }

  private static float[] key(Datastore store, long row) {
    float[] key = new float[store.width()];
    store.read(row, key, 0);
    return key;
  }

  @Test
  void everyKeyIsWhatTheTeacherComputesForItsWindow() {
    try (TokenFile tokens = tokens();
        Datastore store = datastore(tokens).run(false, (done, all) -> {});
        DecoderNetwork teacher = DecoderNetwork.open(teacher(), false)) {
      assertThat(store.size()).isEqualTo(tokens.size() - 1);
      for (int document = 0; document < tokens.documents(); document += 4) {
        for (int at : new int[] {0, 15, 31, 32, 47, 48, 70}) {
          int start = at < 32 ? 0 : (at - 32) / 16 * 16 + 16;
          int[] ids = new int[at - start + 1];
          tokens.copy(tokens.start(document) + start, ids);
          float[] keys = teacher.keys(new int[][] {ids});
          float[] expected = Arrays.copyOfRange(keys, keys.length - store.width(), keys.length);
          assertThat(key(store, tokens.start(document) + at))
              .containsExactly(expected, within(3e-3f));
        }
      }
    }
  }

  @Test
  void aDatastoreThatWasInterruptedIsFinishedWithTheSameKeys() throws IOException {
    byte[] whole;
    try (TokenFile tokens = SmallTokens.write(directory.resolve("many"), 150, 20, 7)) {
      BuildDatastore build = datastore(tokens);
      build.run(false, (done, all) -> {}).close();
      whole = Files.readAllBytes(build.output());
      Files.delete(build.output());
      Files.delete(StageManifest.fileOf(build.output()));
      assertThatThrownBy(
              () ->
                  build.run(
                      false,
                      (done, all) -> {
                        if (done > all / 2) {
                          throw new IllegalStateException("killed");
                        }
                      }))
          .hasMessage("killed");
      assertThat(build.output()).doesNotExist();
      long[] first = {0};
      build
          .run(
              false,
              (done, all) -> {
                if (first[0] == 0) {
                  first[0] = done;
                }
              })
          .close();
      assertThat(first[0]).isGreaterThan(64 * 20);
      assertThat(Files.readAllBytes(build.output())).isEqualTo(whole);
    }
  }

  @Test
  void targetsAreTheWeightsOfTheNearestOtherKeys() {
    try (TokenFile tokens = tokens();
        Datastore store = datastore(tokens).run(false, (done, all) -> {});
        SparseTargets targets = targets(tokens, 1, 1).run((done, all) -> {})) {
      assertThat(targets.size()).isEqualTo(store.size());
      for (int position = 3; position < store.size(); position += 97) {
        double[] expected = expected(tokens, store, position);
        for (int n = 0; n < WIDTH; n++) {
          int id = targets.id(position, n);
          assertThat((double) targets.weight(position, n))
              .as("position %d, id %d", position, id)
              .isCloseTo(expected[id], within(2e-3));
        }
      }
    }
  }

  /** Straight from the formula, with all keys sorted. */
  private static double[] expected(TokenFile tokens, Datastore store, int position) {
    float[] query = key(store, position);
    double[] distance = new double[(int) store.size()];
    for (int row = 0; row < distance.length; row++) {
      float[] key = key(store, row);
      for (int i = 0; i < key.length; i++) {
        distance[row] += (query[i] - key[i]) * (double) (query[i] - key[i]);
      }
    }
    double[] mass = new double[SmallTokens.VOCABULARY];
    IntStream.range(0, distance.length)
        .filter(row -> row != position)
        .boxed()
        .sorted(Comparator.comparingDouble(row -> distance[row]))
        .limit(NEIGHBOURS)
        .forEach(row -> mass[tokens.get(row + 1)] += Math.exp(-distance[row] / TEMPERATURE));
    double[] sorted = mass.clone();
    Arrays.sort(sorted);
    double least = sorted[sorted.length - WIDTH];
    double kept = 0;
    for (int id = 0; id < mass.length; id++) {
      mass[id] = mass[id] >= least ? mass[id] : 0;
      kept += mass[id];
    }
    for (int id = 0; id < mass.length; id++) {
      mass[id] /= kept;
    }
    return mass;
  }

  @Test
  void searchingAllListsFindsWhatTheExactSearchFinds() throws IOException {
    try (TokenFile tokens = tokens();
        Datastore store = datastore(tokens).run(false, (done, all) -> {});
        SparseTargets exact = targets(tokens, 1, 1).run((done, all) -> {});
        SparseTargets listed = targets(tokens, 7, 7).run((done, all) -> {})) {
      double sum = 0;
      for (int position = 0; position < store.size(); position++) {
        // Keys are rounded in lists, so two equally far at the edge may be taken one for the other.
        float difference = Math.abs(listed.weight(position, 0) - exact.weight(position, 0));
        assertThat(difference).isLessThan(3f / NEIGHBOURS);
        sum += difference;
      }
      assertThat(sum / store.size()).isLessThan(0.01);
      assertThat(recall("targets-7")).isBetween(0.97, 1.0);
    }
  }

  @Test
  void fewListsFindMostAndTheManifestSaysHowMany() throws IOException {
    try (TokenFile tokens = tokens();
        Datastore store = datastore(tokens).run(false, (done, all) -> {});
        SparseTargets listed = targets(tokens, 8, 2).run((done, all) -> {})) {
      assertThat(listed.size()).isEqualTo(store.size());
      assertThat(recall("targets-8")).isBetween(0.3, 0.999);
    }
  }

  private double recall(String output) throws IOException {
    Path manifest = StageManifest.fileOf(directory.resolve(output));
    return new ObjectMapper().readTree(manifest.toFile()).at("/results/recall").asDouble();
  }

  @Test
  void distillationMixesTheNextTokenIntoTheTarget() {
    try (TokenFile tokens = tokens();
        Datastore store = datastore(tokens).run(false, (done, all) -> {});
        SparseTargets targets = targets(tokens, 1, 1).run((done, all) -> {});
        DecoderNetwork network = DecoderNetwork.random(SHAPE, 9, false)) {
      assertThat(store.size()).isPositive();
      var half = new DistillationData(tokens, targets, 0.5, 16, 3, 1);
      Batch batch = half.batch(2);
      assertThat(batch.width()).isEqualTo(WIDTH + 1);
      // The first target is the next token, so losses() scores what the token file says follows.
      assertThat(network.losses(batch)).hasSize(48);
      var plain = new LanguageModelData(tokens, 16, 3, 1);
      var none = new DistillationData(tokens, targets, 0, 16, 3, 1);
      assertThat(network.losses(none.batch(2))).containsExactly(network.losses(plain.batch(2)));
    }
  }
}
