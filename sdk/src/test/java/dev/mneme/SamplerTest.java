package dev.mneme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SamplerTest {

  private static final float[] ROW = {0.1f, 0.4f, 0.05f, 0.25f, 0.2f};

  private static Set<Integer> drawn(Sampling sampling, float[] row) {
    Sampler sampler = Sampler.of(sampling);
    var ids = new HashSet<Integer>();
    for (int i = 0; i < 2000; i++) {
      ids.add(sampler.next(row.clone(), row.length));
    }
    return ids;
  }

  @Test
  void greedyTakesTheLikeliestAndTheLowerIdOfEquals() {
    Sampler greedy = Sampler.of(Sampling.greedy());
    assertThat(greedy.next(ROW.clone(), 5)).isEqualTo(1);
    assertThat(greedy.next(new float[] {0.2f, 0.4f, 0.4f}, 3)).isEqualTo(1);
  }

  @Test
  void drawsInProportion() {
    Sampler sampler = Sampler.of(Sampling.of(1).withSeed(7));
    int[] counts = new int[5];
    for (int i = 0; i < 100_000; i++) {
      counts[sampler.next(ROW.clone(), 5)]++;
    }
    for (int id = 0; id < 5; id++) {
      assertThat(counts[id] / 100_000.0).isCloseTo(ROW[id], within(0.01));
    }
  }

  @Test
  void aTemperatureRaisesProbabilitiesToItsInverse() {
    Sampler sampler = Sampler.of(Sampling.of(0.5).withSeed(7));
    int[] counts = new int[5];
    for (int i = 0; i < 100_000; i++) {
      counts[sampler.next(ROW.clone(), 5)]++;
    }
    double total = 0;
    for (float p : ROW) {
      total += p * p;
    }
    for (int id = 0; id < 5; id++) {
      assertThat(counts[id] / 100_000.0).isCloseTo(ROW[id] * ROW[id] / total, within(0.01));
    }
  }

  @Test
  void topKTopPAndMinPKeepTheLikeliest() {
    assertThat(drawn(Sampling.of(1).withTopK(2), ROW)).containsExactlyInAnyOrder(1, 3);
    assertThat(drawn(Sampling.of(1).withTopP(0.6), ROW)).containsExactlyInAnyOrder(1, 3);
    assertThat(drawn(Sampling.of(1).withTopP(0.0001), ROW)).containsExactly(1);
    assertThat(drawn(Sampling.of(1).withMinP(0.5), ROW)).containsExactlyInAnyOrder(1, 3, 4);
    assertThat(drawn(Sampling.of(2).withTopK(2), ROW)).containsExactlyInAnyOrder(1, 3);
  }

  @Property(tries = 200)
  void whatIsDrawnIsAlwaysInTheKeptSet(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 60) int width,
      @ForAll @IntRange(min = 0, max = 70) int topK,
      @ForAll @DoubleRange(min = 0.01, max = 1) double topP) {
    var random = new Random(seed);
    float[] row = new float[width];
    float sum = 0;
    for (int i = 0; i < width; i++) {
      row[i] = (float) Math.exp(4 * random.nextGaussian());
      sum += row[i];
    }
    for (int i = 0; i < width; i++) {
      row[i] /= sum;
    }
    Set<Integer> kept = keptByTheDefinition(row, topK, topP);
    Sampler sampler = Sampler.of(Sampling.of(1).withTopK(topK).withTopP(topP).withSeed(seed));
    for (int i = 0; i < 50; i++) {
      assertThat(kept).contains(sampler.next(row.clone(), width));
    }
  }

  private static Set<Integer> keptByTheDefinition(float[] row, int topK, double topP) {
    List<Integer> ranked =
        IntStream.range(0, row.length)
            .boxed()
            .sorted(Comparator.comparing((Integer id) -> -row[id]).thenComparing(id -> id))
            .limit(topK == 0 ? row.length : topK)
            .toList();
    double total = ranked.stream().mapToDouble(id -> row[id]).sum();
    var kept = new HashSet<Integer>();
    double sum = 0;
    for (int id : ranked) {
      if (!kept.isEmpty() && sum >= topP * total) {
        break;
      }
      kept.add(id);
      sum += row[id];
    }
    return kept;
  }

  @Test
  void aRepetitionPenaltyMakesRecentTokensLessLikely() {
    Sampler sampler = Sampler.of(Sampling.greedy().withRepetitionPenalty(2, 2));
    sampler.accept(1);
    assertThat(sampler.next(ROW.clone(), 5)).isEqualTo(3); // 0.4 squared is 0.16
    sampler.accept(3);
    assertThat(sampler.next(ROW.clone(), 5)).isEqualTo(4);
    sampler.accept(4); // and 1 leaves the window of two
    assertThat(sampler.next(ROW.clone(), 5)).isEqualTo(1);
  }

  @Test
  void takesWhatMeansOffElsewhere() {
    Set<Integer> all = Set.of(0, 1, 2, 3, 4);
    assertThat(drawn(Sampling.of(1).withTopK(-1), ROW)).isEqualTo(all);
    assertThat(drawn(Sampling.of(1).withTopK(0), ROW)).isEqualTo(all);
    assertThat(drawn(Sampling.of(1).withTopP(1), ROW)).isEqualTo(all);
    assertThat(drawn(Sampling.of(1).withMinP(0), ROW)).isEqualTo(all);
    assertThat(drawn(Sampling.of(1).withMinP(1), ROW)).containsExactly(1);
    assertThat(Sampling.of(1).withTopK(-1)).isEqualTo(Sampling.of(1));
  }

  @Test
  void aTemperatureTooSmallToDivideByTakesTheLikeliest() {
    for (double temperature : new double[] {1e-3, 1e-308, 1e-310, Double.MIN_VALUE}) {
      assertThat(drawn(Sampling.of(temperature), ROW)).containsExactly(1);
    }
    float[] row = {0.3f, 0.3f, 0.4f - 0.4f};
    assertThat(drawn(Sampling.of(Double.MIN_VALUE), row)).containsExactlyInAnyOrder(0, 1);
  }

  @Test
  void aNegativeSeedDrawsAnewAndAnyOtherRepeats() {
    assertThat(draws(Sampling.of(1).withSeed(-1))).isNotEqualTo(draws(Sampling.of(1).withSeed(-1)));
    assertThat(draws(Sampling.of(1).withSeed(0))).isEqualTo(draws(Sampling.of(1).withSeed(0)));
  }

  private static List<Integer> draws(Sampling sampling) {
    Sampler sampler = Sampler.of(sampling);
    return IntStream.range(0, 100).mapToObj(_ -> sampler.next(ROW.clone(), ROW.length)).toList();
  }

  @Test
  void aPenaltyOverAllTokensNeedsNoMemoryForThemBefore() {
    for (int window : new int[] {-1, Integer.MAX_VALUE - 8, Integer.MAX_VALUE}) {
      Sampler sampler = Sampler.of(Sampling.greedy().withRepetitionPenalty(2, window));
      sampler.accept(1);
      for (int i = 0; i < 1000; i++) {
        sampler.accept(2);
      }
      assertThat(sampler.next(ROW.clone(), 5)).isEqualTo(3);
    }
  }

  @Test
  void aWindowLongerThanWhatWasAcceptedAndThenShorterForgetsTheOldest() {
    Sampler sampler = Sampler.of(Sampling.greedy().withRepetitionPenalty(2, 100));
    sampler.accept(1);
    for (int i = 0; i < 99; i++) {
      sampler.accept(2);
    }
    assertThat(sampler.next(ROW.clone(), 5)).isEqualTo(3);
    sampler.accept(2);
    assertThat(sampler.next(ROW.clone(), 5)).isEqualTo(1);
  }

  @Test
  void refusesARowThatIsNoDistribution() {
    Sampler sampler = Sampler.of(Sampling.greedy());
    assertThatThrownBy(() -> sampler.next(new float[4], 4))
        .isInstanceOf(InvalidDistributionException.class);
    assertThatThrownBy(() -> sampler.next(new float[] {0.5f, Float.NaN}, 2))
        .isInstanceOf(InvalidDistributionException.class);
  }

  @Test
  void refusesSettingsOutOfRange() {
    assertThatThrownBy(() -> Sampling.of(-1)).hasMessageContaining("-1.0");
    assertThatThrownBy(() -> Sampling.of(Double.NaN)).hasMessageContaining("NaN");
    assertThatThrownBy(() -> Sampling.greedy().withTopP(0)).hasMessageContaining("topP");
    assertThatThrownBy(() -> Sampling.greedy().withTopK(-2)).hasMessageContaining("-2");
    assertThatThrownBy(() -> Sampling.greedy().withMinP(1.5)).hasMessageContaining("minP");
    assertThatThrownBy(() -> Sampling.greedy().withRepetitionPenalty(1, -2))
        .hasMessageContaining("-2");
    assertThatThrownBy(() -> Sampling.greedy().withRepetitionPenalty(0.5, 3))
        .hasMessageContaining("0.5");
  }
}
