package dev.mneme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MixtureTest {

  private static final int WIDTH = 1003;

  private static float[] row(long seed, int width) {
    var random = new Random(seed);
    float[] row = new float[width];
    for (int i = 0; i < width; i++) {
      row[i] = (float) (8 * random.nextGaussian());
    }
    return row;
  }

  private static Mixture mixture(float[] host, float[] memory, double lambda) {
    var mixture = new Mixture(host.length, 1);
    mixture.loadHost(MemorySegment.ofArray(host));
    assertThat(mixture.loadMemory(0, MemorySegment.ofArray(memory))).isTrue();
    mixture.weigh(new double[] {lambda});
    return mixture;
  }

  private static Mixture alone(float[] row) {
    var mixture = new Mixture(row.length, 0);
    mixture.loadHost(MemorySegment.ofArray(row));
    mixture.weigh(new double[0]);
    return mixture;
  }

  private static double[] softmax(float[] row, int width) {
    double max = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < Math.min(width, row.length); i++) {
      max = Math.max(max, row[i]);
    }
    double sum = 0;
    double[] p = new double[width];
    for (int i = 0; i < Math.min(width, row.length); i++) {
      p[i] = Math.exp(row[i] - max);
      sum += p[i];
    }
    for (int i = 0; i < width; i++) {
      p[i] /= sum;
    }
    return p;
  }

  @Test
  void lambdaZeroIsTheHostAloneBitForBit() {
    float[] host = row(1, WIDTH);
    Mixture mixed = mixture(host, row(2, WIDTH), 0);
    Mixture alone = alone(host);
    assertThat(mixed.probabilities()).containsExactly(alone.probabilities());
    for (int token = 0; token < WIDTH; token++) {
      assertThat(mixed.logProbability(token)).isEqualTo(alone.logProbability(token));
      assertThat(mixed.share(0, token)).isZero();
    }
  }

  @Test
  void lambdaOneIsTheMemoryAloneBitForBit() {
    float[] memory = row(2, WIDTH);
    Mixture mixed = mixture(row(1, WIDTH), memory, 1);
    Mixture alone = alone(memory);
    assertThat(mixed.probabilities()).containsExactly(alone.probabilities());
    for (int token = 0; token < WIDTH; token++) {
      assertThat(mixed.logProbability(token)).isEqualTo(alone.logProbability(token));
      assertThat(mixed.share(0, token)).isEqualTo(1);
    }
  }

  @Property(tries = 200)
  void theMixtureIsTheFormulaInDoubleArithmetic(
      @ForAll long seed,
      @ForAll @DoubleRange(min = 0, max = 1) double lambda,
      @ForAll @IntRange(min = 1, max = 300) int width) {
    float[] host = row(seed, width);
    float[] memory = row(~seed, width);
    Mixture mixed = mixture(host, memory, lambda);
    float[] probabilities = mixed.probabilities();
    double[] hostP = softmax(host, width);
    double[] memoryP = softmax(memory, width);
    double total = 0;
    for (int token = 0; token < width; token++) {
      double expected = (1 - lambda) * hostP[token] + lambda * memoryP[token];
      total += probabilities[token];
      assertThat((double) probabilities[token])
          .isCloseTo(
              expected, within(5e-6 * expected + 1e-37)); // half an ulp of a difference of 64
      assertThat(mixed.logProbability(token)).isCloseTo(Math.log(expected), within(2e-6));
      assertThat(mixed.share(0, token)).isCloseTo(lambda * memoryP[token] / expected, within(2e-6));
    }
    assertThat(total).isCloseTo(1, within(1e-5));
  }

  @Test
  void severalMemoriesEachGiveTheirShare() {
    float[][] rows = {row(1, WIDTH), row(2, WIDTH), row(3, WIDTH)};
    var mixed = new Mixture(WIDTH, 2);
    mixed.loadHost(MemorySegment.ofArray(rows[0]));
    mixed.loadMemory(0, MemorySegment.ofArray(rows[1]));
    mixed.loadMemory(1, MemorySegment.ofArray(rows[2]));
    mixed.weigh(new double[] {0.3, 0.5});
    for (int token = 0; token < WIDTH; token += 17) {
      double p =
          0.2 * softmax(rows[0], WIDTH)[token]
              + 0.3 * softmax(rows[1], WIDTH)[token]
              + 0.5 * softmax(rows[2], WIDTH)[token];
      assertThat(Math.exp(mixed.logProbability(token))).isCloseTo(p, within(2e-6 * p));
      assertThat(mixed.share(0, token))
          .isCloseTo(0.3 * softmax(rows[1], WIDTH)[token] / p, within(2e-6));
    }
  }

  @Test
  void aShorterMemoryGivesThePaddingOfTheHostNothing() {
    float[] memory = row(2, 900);
    Mixture mixed = mixture(row(1, WIDTH), memory, 1);
    float[] probabilities = mixed.probabilities();
    double total = 0;
    for (int token = 0; token < WIDTH; token++) {
      total += probabilities[token];
      assertThat(probabilities[token] == 0).as("token %d", token).isEqualTo(token >= 900);
    }
    assertThat(total).isCloseTo(1, within(1e-5));
    assertThat(mixed.logProbability(950)).isEqualTo(Double.NEGATIVE_INFINITY);
  }

  @Test
  void whatALongerMemoryHasBeyondTheHostIsLeftOutBeforeItsSoftmax() {
    float[] memory = row(2, WIDTH + 50);
    float[] cut = java.util.Arrays.copyOf(memory, WIDTH);
    assertThat(mixture(row(1, WIDTH), memory, 1).probabilities())
        .containsExactly(alone(cut).probabilities());
  }

  @Test
  void aReusedMixtureForgetsTheLongerRowItHadBefore() {
    var mixed = new Mixture(WIDTH, 1);
    mixed.loadHost(MemorySegment.ofArray(row(1, WIDTH)));
    mixed.loadMemory(0, MemorySegment.ofArray(row(2, WIDTH)));
    mixed.loadMemory(0, MemorySegment.ofArray(row(2, 10)));
    mixed.weigh(new double[] {1});
    assertThat(mixed.probabilities()[500]).isZero();
  }

  @Test
  void probabilitiesTooSmallForAFloatKeepTheirLogarithm() {
    float[] host = new float[10];
    host[3] = 400f;
    Mixture mixed = alone(host);
    assertThat(mixed.probabilities()[0]).isZero();
    assertThat(mixed.logProbability(0)).isCloseTo(-400, within(1e-9));
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void aRowWithNanOrInfinitiesIsNoticed(float bad) {
    float[] row = row(1, WIDTH);
    row[777] = bad;
    var mixed = new Mixture(WIDTH, 1);
    assertThatThrownBy(() -> mixed.loadHost(MemorySegment.ofArray(row)))
        .isInstanceOf(InvalidDistributionException.class);
    assertThat(mixed.loadMemory(0, MemorySegment.ofArray(row))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, 1.0001, Double.NaN, Double.POSITIVE_INFINITY})
  void refusesALambdaOutsideZeroToOne(double lambda) {
    var mixed = new Mixture(10, 1);
    assertThatThrownBy(() -> mixed.weigh(new double[] {lambda}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(Double.toString(lambda));
    assertThatThrownBy(() -> LambdaPolicy.fixed(lambda))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(Double.toString(lambda));
  }

  @Test
  void refusesLambdasThatAddUpToMoreThanOne() {
    var mixed = new Mixture(10, 2);
    assertThatThrownBy(() -> mixed.weigh(new double[] {0.6, 0.6}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1.2");
  }
}
