package dev.mneme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Both versions of the inner loops, against double arithmetic and against each other. */
class SoftmaxTest {

  static Stream<Softmax> versions() {
    return Stream.of(new ScalarSoftmax(), new VectorSoftmax());
  }

  private static float[] randomLogits(int width) {
    var random = new Random(width);
    float[] row = new float[width];
    for (int i = 0; i < width; i++) {
      row[i] = (float) (12 * random.nextGaussian());
    }
    return row;
  }

  @ParameterizedTest
  @MethodSource("versions")
  void exponentialsAgreeWithDoubleArithmetic(Softmax softmax) {
    float[] row = randomLogits(4099);
    float max = softmax.finiteMax(MemorySegment.ofArray(row), row.length);
    float[] into = new float[row.length];
    double sum = softmax.exponentials(MemorySegment.ofArray(row), row.length, max, into);
    double expectedSum = 0;
    for (int i = 0; i < row.length; i++) {
      double expected = Math.exp((double) (row[i] - max));
      expectedSum += expected;
      double tolerance = row[i] - max < -87 ? 2e-38 : 3e-7 * expected;
      assertThat((double) into[i])
          .as("exp(%s)", row[i] - max)
          .isCloseTo(expected, within(tolerance));
    }
    assertThat(sum).isCloseTo(expectedSum, within(1e-6 * expectedSum));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void theLargestIsFoundWhereverItStands(Softmax softmax) {
    float[] row = randomLogits(203);
    for (int i = 0; i < row.length; i++) {
      float kept = row[i];
      row[i] = 1000f + i;
      assertThat(softmax.finiteMax(MemorySegment.ofArray(row), row.length)).isEqualTo(1000f + i);
      row[i] = kept;
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void anyNanOrInfinityIsNoticedWhereverItStands(Softmax softmax) {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      float[] row = randomLogits(75);
      for (int i = 0; i < row.length; i++) {
        float kept = row[i];
        row[i] = bad;
        assertThat(softmax.finiteMax(MemorySegment.ofArray(row), row.length))
            .as("%s at %d", bad, i)
            .isNaN();
        row[i] = kept;
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 16, 33, 512, 5000})
  void theVectorVersionGivesTheScalarOnesExponentialsBitForBit(int width) {
    var scalar = new ScalarSoftmax();
    var vector = new VectorSoftmax();
    float[] values = randomLogits(width);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment row = arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
      float max = scalar.finiteMax(row, width);
      assertThat(vector.finiteMax(row, width)).isEqualTo(max);
      float[] expected = new float[width];
      float[] actual = new float[width];
      double expectedSum = scalar.exponentials(row, width, max, expected);
      double actualSum = vector.exponentials(row, width, max, actual);
      assertThat(actual).containsExactly(expected);
      assertThat(actualSum).isCloseTo(expectedSum, within(1e-6 * expectedSum));
      scalar.scale(expected, 0.3f, expected, width);
      vector.scale(actual, 0.3f, actual, width);
      assertThat(actual).containsExactly(expected);
      scalar.addScaled(values, 0.7f, expected, width);
      vector.addScaled(values, 0.7f, actual, width);
      assertThat(actual).containsExactly(expected);
    }
  }

  @Test
  void theSumIsTheSameBeforeAndAfterItIsCompiled() {
    var vector = new VectorSoftmax();
    int width = 1500;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment row = arena.allocateFrom(ValueLayout.JAVA_FLOAT, randomLogits(width));
      float max = vector.finiteMax(row, width);
      float[] into = new float[width];
      double first = vector.exponentials(row, width, max, into);
      for (int i = 0; i < 20_000; i++) {
        assertThat(vector.exponentials(row, width, max, into)).as("call %d", i).isEqualTo(first);
      }
    }
  }

  @Test
  void theFastVersionIsUsedWhereTheVectorApiIs() {
    assertThat(Softmax.fastest()).isInstanceOf(VectorSoftmax.class);
  }
}
