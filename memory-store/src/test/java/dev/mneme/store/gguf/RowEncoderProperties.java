package dev.mneme.store.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mneme.store.testing.GgufNumbers;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class RowEncoderProperties {
  private static final int BLOCK = 32;

  @Property
  void q8GivesTheCodesOfDecimalArithmetic(@ForAll("rows") float[] row) {
    ByteBuffer encoded = encode(row);
    for (int start = 0; start < row.length; start += BLOCK) {
      float largest = 0;
      for (int i = start; i < start + BLOCK; i++) {
        largest = Math.max(largest, Math.abs(row[i]));
      }
      float scale = largest / 127;
      assertThat(encoded.getShort()).isEqualTo(Float.floatToFloat16(scale));
      for (int i = start; i < start + BLOCK; i++) {
        float scaled = scale == 0 ? 0 : row[i] * (1 / scale);
        // HALF_UP is away from zero for negative numbers too, as C's roundf is.
        int code = new BigDecimal(scaled).setScale(0, RoundingMode.HALF_UP).intValueExact();
        assertThat((int) encoded.get()).isEqualTo(code);
      }
    }
  }

  @Property
  void q8IsWithinHalfAStepAndTheRoundingOfTheScale(@ForAll("rows") float[] row) {
    ByteBuffer encoded = encode(row);
    for (int start = 0; start < row.length; start += BLOCK) {
      double scale = Float.float16ToFloat(encoded.getShort());
      for (int i = start; i < start + BLOCK; i++) {
        double decoded = scale * encoded.get();
        // The scale is rounded by up to 2^-11 of itself or half the smallest subnormal, and then
        // multiplied by at most 127.
        double tolerance = scale * (0.5 + 127 * 0x1p-11) + 128 * 0x1p-25;
        assertThat(Math.abs(decoded - row[i])).isLessThanOrEqualTo(tolerance);
      }
    }
  }

  @Property
  void q40IsWithinHalfAStepOrAWholeOneOppositeTheLargest(@ForAll("rows") float[] row) {
    ByteBuffer encoded = encode(GgufType.Q4_0, row);
    for (int start = 0; start < row.length; start += BLOCK) {
      float step = Math.abs(Float.float16ToFloat(encoded.getShort(start / BLOCK * 18)));
      float[] decoded = GgufNumbers.decode(GgufType.Q4_0, encoded, BLOCK);
      for (int i = 0; i < BLOCK; i++) {
        float x = row[start + i];
        // 16 codes reach from -8 to 7 steps, so up to 8 on the short side lose up to one.
        double steps = step == 0 ? 0 : Math.abs(x / step) > 7.5 ? 1 : 0.5;
        double rounding = 8 * (step * 0x1p-11 + 0x1p-25);
        assertThat(Math.abs(decoded[i] - x))
            .isLessThanOrEqualTo((float) (steps * step * 1.001 + rounding));
      }
    }
  }

  @Property
  void q40KeepsTheNumberOfLargestMagnitude(@ForAll("rows") float[] row) {
    ByteBuffer encoded = encode(GgufType.Q4_0, row);
    for (int start = 0; start < row.length; start += BLOCK) {
      float[] decoded = GgufNumbers.decode(GgufType.Q4_0, encoded, BLOCK);
      int largest = start;
      for (int i = start; i < start + BLOCK; i++) {
        largest = Math.abs(row[i]) > Math.abs(row[largest]) ? i : largest;
      }
      assertThat((double) decoded[largest - start])
          .isCloseTo(row[largest], within(Math.abs(row[largest]) * 0x1p-11 + 8 * 0x1p-25));
    }
  }

  @Property
  void q41IsWithinHalfAStepAndTheRoundingOfScaleAndSmallest(@ForAll("rows") float[] row) {
    ByteBuffer encoded = encode(GgufType.Q4_1, row);
    for (int start = 0; start < row.length; start += BLOCK) {
      double step = Float.float16ToFloat(encoded.getShort(start / BLOCK * 20));
      double lowest = Float.float16ToFloat(encoded.getShort(start / BLOCK * 20 + 2));
      float[] decoded = GgufNumbers.decode(GgufType.Q4_1, encoded, BLOCK);
      for (int i = 0; i < BLOCK; i++) {
        double rounding = (15 * step + Math.abs(lowest)) * 0x1p-11 + 17 * 0x1p-25;
        assertThat((double) decoded[i]).isCloseTo(row[start + i], within(step * 0.501 + rounding));
      }
    }
  }

  @Property
  void q4OfDecodedNumbersIsTheSameAgain(@ForAll("codes") int[] codes) {
    ByteBuffer block = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN);
    block.putShort(Float.floatToFloat16(0.25f)).putShort(Float.floatToFloat16(-1.5f));
    for (int i = 0; i < BLOCK / 2; i++) {
      block.put((byte) (codes[i] | codes[i + BLOCK / 2] << 4));
    }
    float[] decoded = GgufNumbers.decode(GgufType.Q4_1, block.flip(), BLOCK);
    assertThat(encode(GgufType.Q4_1, decoded)).isEqualTo(block.rewind());
  }

  private static ByteBuffer encode(float[] row) {
    return encode(GgufType.Q8_0, row);
  }

  private static ByteBuffer encode(GgufType type, float[] row) {
    ByteBuffer encoded =
        ByteBuffer.allocate((int) type.rowBytes(row.length)).order(ByteOrder.LITTLE_ENDIAN);
    RowEncoder.encode(type, row, row.length, encoded);
    return encoded.flip();
  }

  /** Codes of one block with both ends among them, so that the scale comes out the same. */
  @Provide
  Arbitrary<int[]> codes() {
    return Arbitraries.integers()
        .between(0, 15)
        .array(int[].class)
        .ofSize(BLOCK)
        .map(
            codes -> {
              codes[3] = 0;
              codes[29] = 15;
              return codes;
            });
  }

  @Provide
  Arbitrary<float[]> rows() {
    Arbitrary<Float> weights = Arbitraries.floats().between(-1, 1);
    Arbitrary<Float> halves = Arbitraries.integers().between(-254, 254).map(n -> n / 2f);
    return Arbitraries.oneOf(
        weights.array(float[].class).ofSize(2 * BLOCK), halves.array(float[].class).ofSize(BLOCK));
  }
}
