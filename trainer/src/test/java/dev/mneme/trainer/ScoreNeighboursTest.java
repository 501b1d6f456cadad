package dev.mneme.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mneme.MnemeException;
import dev.mneme.djl.DecoderNetwork;
import dev.mneme.djl.LlamaShape;
import dev.mneme.store.safetensors.Dtype;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** kNN-LM on a small random model, beside plain sums over all keys. */
final class ScoreNeighboursTest {

  private static final LlamaShape SHAPE =
      new LlamaShape(SmallTokens.VOCABULARY, 16, 2, 2, 1, 24, 32, 10_000, 1e-5);
  private static final List<Integer> NEIGHBOURS = List.of(3, 40);
  private static final List<Double> TEMPERATURES = List.of(0.5, 8.0);

  @TempDir Path directory;

  @BeforeEach
  void makeAModel() {
    try (DecoderNetwork network = DecoderNetwork.random(SHAPE, 6, false)) {
      network.save(directory.resolve("model"), Dtype.F32, 0);
    }
  }

  private TokenFile memory() {
    return SmallTokens.write(directory.resolve("memory"), 9, 75, 5);
  }

  private TokenFile text(int seed) {
    return SmallTokens.write(directory.resolve("text-" + seed), 2, 45, seed);
  }

  private Datastore store(TokenFile memory) {
    return new BuildDatastore(
            memory, directory.resolve("model"), directory.resolve("keys"), 32, 16, 2)
        .run(false, (done, all) -> {});
  }

  private ScoreNeighbours scoring(List<TokenFile> texts, TokenFile memory, int lists, int probes) {
    return new ScoreNeighbours(
        texts,
        memory,
        directory.resolve("model"),
        directory.resolve("scores-" + lists),
        24,
        9,
        NEIGHBOURS,
        TEMPERATURES,
        new KeySearch.Settings(lists, probes, 1, false),
        20,
        false);
  }

  @Test
  void everyTokenHasItsShareOfTheNeighboursWeights() {
    try (TokenFile memory = memory();
        TokenFile one = text(7);
        TokenFile two = text(8);
        Datastore store = store(memory);
        DecoderNetwork network = DecoderNetwork.open(directory.resolve("model"), false)) {
      ScoreNeighbours.Scores scores =
          scoring(List.of(one, two), memory, 1, 1).run(store, (done, all) -> {});
      int[] ids = two.document(1);
      int before = ids.length - 1; // the scores of document 0, which is as long
      for (int i = 1; i < ids.length; i += 4) {
        int start = i < 24 ? 0 : Math.ceilDiv(i + 1 - 24, 9) * 9;
        float[] keys = network.keys(new int[][] {Arrays.copyOfRange(ids, start, i)});
        float[] key = Arrays.copyOfRange(keys, keys.length - SHAPE.hidden(), keys.length);
        for (int k = 0; k < NEIGHBOURS.size(); k++) {
          for (int t = 0; t < TEMPERATURES.size(); t++) {
            double expected =
                plain(store, memory, key, ids[i], NEIGHBOURS.get(k), TEMPERATURES.get(t));
            assertThat(Math.exp(scores.of(1, k, t)[before + i - 1]))
                .as("token %d, %d neighbours, temperature %s", i, k, t)
                .isCloseTo(expected, within(2e-2));
          }
        }
      }
      assertThat(scores.of(0, 0, 0)).hasSize((int) one.size() - one.documents());
    }
  }

  private static double plain(
      Datastore store, TokenFile memory, float[] key, int token, int k, double temperature) {
    double[] distances = new double[(int) store.size()];
    float[] other = new float[key.length];
    for (int row = 0; row < distances.length; row++) {
      store.read(row, other, 0);
      for (int i = 0; i < key.length; i++) {
        distances[row] += Math.pow(key[i] - other[i], 2);
      }
    }
    int[] nearest =
        IntStream.range(0, distances.length)
            .boxed()
            .sorted(Comparator.comparingDouble(row -> distances[row]))
            .limit(k)
            .mapToInt(row -> row)
            .toArray();
    double right = 0;
    double all = 0;
    for (int row : nearest) {
      double weight = Math.exp(-distances[row] / temperature);
      all += weight;
      right += memory.get(row + 1L) == token ? weight : 0;
    }
    return right / all;
  }

  @Test
  void listsGiveTheSameWhenAllAreProbedAndTheResultIsKept() {
    try (TokenFile memory = memory();
        TokenFile text = text(7);
        Datastore store = store(memory)) {
      float[] exact =
          scoring(List.of(text), memory, 1, 1).run(store, (done, all) -> {}).of(0, 1, 1);
      var listed = scoring(List.of(text), memory, 6, 6);
      assertThat(listed.kept()).isEmpty();
      float[] found = listed.run(store, (done, all) -> {}).of(0, 1, 1);
      for (int i = 0; i < exact.length; i++) {
        assertThat(Math.exp(found[i])).isCloseTo(Math.exp(exact[i]), within(2e-2));
      }
      assertThat(listed.kept().orElseThrow().of(0, 1, 1)).containsExactly(found);
      assertThat(scoring(List.of(text), memory, 6, 5).kept()).isEmpty();
    }
  }

  @Test
  void moreNeighboursThanKeysAreRefused() {
    try (TokenFile memory = SmallTokens.write(directory.resolve("memory"), 1, 30, 5);
        TokenFile text = text(7);
        Datastore store = store(memory)) {
      var scoring = scoring(List.of(text), memory, 1, 1);
      assertThatThrownBy(() -> scoring.run(store, (done, all) -> {}))
          .isInstanceOf(MnemeException.class)
          .hasMessageContaining("40 neighbours are asked for, but the datastore has");
    }
  }
}
